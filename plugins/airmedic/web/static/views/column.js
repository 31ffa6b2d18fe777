/* One column of a model: its distribution then and now, its history, and its usual range. */

import * as api from "../api.js";
import { histogram } from "../charts/histogram.js";
import { lineChart } from "../charts/line.js";
import { facts, make, named, row, said, section, table } from "../dom.js";
import { to } from "../routes.js";
import { day, number, plain } from "../words.js";
import { badge, trail } from "./parts.js";

export async function columnView({ names, signal }) {
  const column = await api.column(names.model, names.column, signal);
  const { history, reference, current, usual } = column;
  const newest = history.at(-1);
  return [
    trail([named(names.model), to.model(names.model)], [named(column.name)]),
    make("h2", {}, named(column.name), " ", newest ? badge(newest.verdict, newest.verdict === "ok" ? "usual" : newest.verdict) : null),
    facts([
      ["Newest", newest ? `${plain(newest.statistic)} ${number(newest.value)}, limit ${number(newest.limit)} (${day(newest.start)})` : "not measured yet"],
      ["Usual range", usual ? `${number(usual.low)} to ${number(usual.high)}` : "not known yet"],
    ]),
    newest?.message ? make("p", { class: "lead" }, said(newest.message)) : null,
    section(
      "Distribution",
      reference || current ? histogram(`${column.name.slice(0, 80)}, then and now`, reference, current) : make("p", { class: "empty" }, "No distribution of this column is kept. The report in MLflow has pictures of columns that moved."),
    ),
    faults(column.quality ?? []),
    statistics(history).map(([statistic, points]) => section(`History: ${plain(statistic)}`, lineChart(plain(statistic), points, []))),
  ];
}

function faults(quality) {
  const noted = quality.filter(({ verdict }) => verdict !== "ok");
  if (!noted.length) return null;
  const lines = noted.reverse().map(({ start, statistic, value, limit, verdict, message }) => row(day(start), plain(statistic), number(value), number(limit), verdict, message ? said(message, { most: 200 }) : "–"));
  return section("Faults of the data", table("Faults of the data in this column", ["Window", "What", "Value", "Limit", "Verdict", "In words"], lines));
}

/* A column may be judged by several statistics; each has a scale of its own. */
function statistics(history) {
  const byName = new Map();
  for (const { start, statistic, value, limit, verdict } of history) {
    if (!byName.has(statistic)) byName.set(statistic, []);
    byName.get(statistic).push({ start, value, limit, low: null, high: null, outcome: verdict, version: null });
  }
  return [...byName];
}
