/* One model: how it does, what moved, what was done to it, and what is not watched. */

import * as api from "../api.js";
import { shareOf, strip, stripWords } from "../charts/heatmap.js";
import { lineChart } from "../charts/line.js";
import { facts, make, named, row, said, section, table } from "../dom.js";
import { to } from "../routes.js";
import { age, capital, day, incidentName, incidentState, metricName, number, plain, span, when } from "../words.js";
import { away, badge, overridesTable, trail } from "./parts.js";
import { volumeChart } from "./volume.js";

const SPANS = [60, 200, 730]; // windows: what a chart of this width can hold apart, then half a year and two years of days
const FIRST_COLUMNS = 20; // of the drift map, worst first

export async function modelView({ names, query, signal }) {
  const wanted = Number(query.get("windows"));
  const shown = SPANS.includes(wanted) ? wanted : SPANS[0];
  const model = await api.model(names.model, shown, signal);
  return [
    trail([named(model.name)]),
    make("h2", {}, named(model.name), " ", badge(model.state)),
    headline(model),
    standing(model),
    doors(model),
    spans(model, shown),
    model.windows.length ? performance(model) : unwatched(model),
    driftMap(model),
    rows(model),
    quality(model),
    promotions(model),
    incidents(model),
    overridesTable(model.overrides),
    notMonitored(model),
  ];
}

function headline({ problem, windows }) {
  if (problem) return make("p", { class: "problem" }, said(problem));
  const newest = lastChecked(windows);
  return newest?.headline ? make("p", { class: "lead" }, said(newest.headline)) : null;
}

const lastChecked = (windows) => windows.findLast(({ outcome }) => outcome);

/* What happened, who decided, whether it helped and what to do: before anybody scrolls. */
function standing(model) {
  const { windows, spec } = model;
  const measured = windows.findLast(({ value }) => typeof value === "number");
  const checked = lastChecked(windows);
  return facts([
    [measured ? metricName(measured.metric) : "Metric", measured ? [make("b", { class: isBad(measured) ? "bad" : null }, number(measured.value)), accepted(measured), `, rows of ${day(measured.start)}`] : "not measured yet"],
    ["What happened", lastIncident(model)],
    ["Who decided", decided(model)],
    ["Did it help?", model.since_words ? said(model.since_words, { most: 300 }) : null],
    ["What to do", nextStep(model)],
    ["Last check", checked ? [`rows of ${span(checked.start, checked.end)} (${number(checked.rows)}), `, when(checked.checked_at ?? checked.as_of, { asAge: true })] : "never"],
    ["Owner", spec?.owner ? named(spec.owner) : null],
    ["Watched", spec ? `${plain(spec.task)}, by ${spec.metric ? metricName(spec.metric) : "its inputs"}, each ${plain(spec.window_every)}` : null],
  ]);
}

function lastIncident({ incidents: all }) {
  const seen = all.filter(({ requested }) => !requested);
  const open = seen.filter(({ closed_at: closed }) => !closed);
  const shown = open.length ? open : seen.slice(0, 1);
  if (!shown.length) return "no incident so far";
  return shown.map((incident) => {
    const how = incident.closed_at ? `${plain(incident.outcome ?? incidentState(incident.state))} ` : `open, ${incident.severity}, opened `;
    return make("div", {}, make("a", { href: to.incident(incident.id) }, named(incidentName(incident.cause_words))), ": ", how, when(incident.closed_at ?? incident.opened_at, { asAge: true }));
  });
}

function decided({ decided: last, promotions: changes }) {
  const champion = newestFirst(changes)[0];
  if (!champion && !last) return "nobody: no version serves yet";
  return [make("div", {}, last ? named(last.words) : "nobody yet"), champion ? make("div", { class: "quiet" }, `version ${champion.version} serves since `, when(champion.at)) : null];
}

function nextStep({ next, name }) {
  if (!next) return null;
  if (next.kind === "answer") return make("a", { href: to.approvals() }, `${next.words} →`);
  if (next.kind === "look" && next.incident) return make("a", { href: to.incident(next.incident) }, next.words);
  if (next.kind === "set_up") return [next.words, next.words.endsWith("adopt") ? make("code", {}, ` ${name}`) : null];
  return make("b", {}, next.words);
}

function accepted({ value, limit, better, outcome }) {
  if (typeof limit !== "number") return "";
  const isBeyond = better === "lower" ? value > limit : value < limit;
  return `, accepted ${better === "lower" ? "up to" : "from"} ${number(limit)}${isBeyond && outcome === "healthy" ? " (beyond it by no more than chance)" : ""}`;
}

function isBad({ value, limit, better, outcome }) {
  return outcome !== "healthy" && typeof limit === "number" && (better === "lower" ? value > limit : value < limit);
}

/* What happened at the same second stays in the order in which it was told. */
function newestFirst(changes) {
  return changes.toSorted((one, other) => String(other.at).localeCompare(String(one.at)));
}

function doors({ name, links, spec }) {
  return make(
    "p",
    { class: "doors" },
    spec ? make("a", { href: to.start(name), class: "button" }, "Start a remediation") : null,
    spec ? make("a", { href: to.policy(name) }, "Policy: what would happen now") : null,
    links?.airflow_monitor ? away(api.airflowPage(links.airflow_monitor), "Monitoring DAG") : null,
    links?.airflow_remediate ? away(api.airflowPage(links.airflow_remediate), "Remediation DAG") : null,
    links?.mlflow ? away(links.mlflow, "Reports in MLflow", { leaves: true }) : null,
  );
}

/* How far back to look: there is no more to see where the model has fewer windows than are shown. */
function spans({ name, windows }, shown) {
  if (windows.length < SPANS[0]) return null;
  const links = SPANS.map((count) => make("a", { href: to.model(name, count), "aria-current": count === shown ? "true" : null }, `${count} windows`));
  return make("p", { class: "doors quiet" }, "Show the last ", links);
}

function unwatched({ name }) {
  return make("p", { class: "empty" }, "No batch was looked at yet: unpause ", make("code", {}, `monitor__${name}`), " in Airflow, or trigger it for a window that has rows.");
}

function performance(model) {
  const { windows, promotions: changes } = model;
  const measured = windows.findLast(({ value }) => typeof value === "number");
  if (!measured) return section("Performance", make("p", { class: "empty" }, "It has not been measured yet: no labels of these windows are known."));
  const chart = lineChart(`${metricName(measured.metric)} over time`, windows, marks(windows, changes));
  return section("Performance", chart, level(model));
}

/* A level that falls with a new version looks like a bar that somebody has lowered. */
function level({ level_words: words, windows, promotions: changes }) {
  if (!words) return null;
  const version = windows.findLast(({ limit }) => typeof limit === "number")?.version;
  const change = changes.find((promotion) => promotion.version === version);
  const gate = change?.gate;
  const tried = gate && typeof gate.challenger_value === "number" ? ` Version ${version} was compared with version ${change.from_version} on the same ${number(gate.rows)} rows, which neither was trained on: ${metricName(gate.metric)} ${number(gate.challenger_value)} instead of ${number(gate.champion_value)}, ${gate.gained_words}.` : "";
  return make("p", { class: "quiet" }, said(`${words}${tried}`, { most: 800 }));
}

/* Windows carry the time of their rows, and promotions the time on the clock, which may be far apart. A version's mark is
   where the windows begin to be judged by it. */
function marks(windows, changes) {
  const placed = [];
  windows.forEach(({ version }, index) => {
    const before = windows[index - 1]?.version;
    if (!index || version === before || !version || !before) return;
    const change = changes.findLast((promotion) => promotion.version === version && (!promotion.from_version || promotion.from_version === before)) ?? changes.findLast((promotion) => promotion.version === version);
    const isRollback = /roll|undo|back/.test(change?.kind ?? "");
    const kind = isRollback ? "rollback" : "deployment";
    placed.push({ index, kind, label: `${isRollback ? "↩" : "▲"} v${version}`, by: change?.credited ?? "", words: `${capital(kind)}: version ${version} in place of ${before}${change?.by_words ? `, ${change.by_words}` : ""}` });
  });
  return placed;
}

function driftMap({ name, columns, windows, columns_left_out: left }) {
  if (!columns.length) return null;
  const line = (column) => {
    const last = column.windows.findLast((cell) => cell !== null);
    const share = shareOf(last);
    const calm = share > 1 && last?.verdict === "ok" ? ", no alarm" : "";
    const how = share === null ? plain(last?.verdict ?? "–") : `${number(Math.round(share * 100) / 100)}× its limit${calm}`;
    return row(make("a", { href: to.column(name, column.name) }, named(column.name)), strip(column.windows, stripWords(column.name, column.windows)), make("span", { class: last?.verdict === "alert" ? "bad" : null }, how));
  };
  const box = table(`Inputs of ${windows.length} windows, those that moved most first`, ["Column", period(windows), "Newest"], columns.slice(0, FIRST_COLUMNS).map(line), { class: "map" });
  const rest = columns.slice(FIRST_COLUMNS);
  const more = make("button", { type: "button" }, `Show ${rest.length} more columns`);
  more.addEventListener("click", () => {
    box.querySelector("tbody").append(...rest.map(line));
    more.remove();
  });
  return section("Drift", drift(windows), box, key(), rest.length ? more : null, left ? make("p", { class: "quiet" }, `${left} more columns moved less and are not listed.`) : null);
}

/* The input that moved most, as a share of its limit. */
function drift(windows) {
  const shares = windows.map((window) => ({ ...window, value: window.drift, low: null, high: null, limit: 1, incident: null, quarantined: false }));
  return shares.some(({ value }) => typeof value === "number") ? [lineChart("Largest move of an input, as a share of its limit", shares, [], { level: "limit: the least move that counts" }), make("p", { class: "quiet" }, "A move beyond its limit is an alarm only where it is unusual for its column as well.")] : null;
}

function key() {
  const kinds = [["ok", "usual"], ["ok-high", "near its limit"], ["watch", "watch"], ["alert", "alert"], ["unknown", "could not be told"]];
  return make("ul", { class: "legend" }, kinds.map(([kind, word]) => make("li", { class: `key cell-${kind}` }, word)));
}

function period(windows) {
  return windows.length ? `${day(windows[0].start)} → ${day(windows.at(-1).start)}` : "Windows";
}

function rows({ windows }) {
  return windows.length ? section("Volume", volumeChart(windows)) : null;
}

function quality({ quality: checks, windows }) {
  if (!checks.length) return null;
  const lines = checks.map((check) => row(named(`${check.subject}: ${plain(check.statistic)}`), strip(check.windows, stripWords(check.subject, check.windows))));
  return section("Data quality", table("What was checked of the data", ["Check", period(windows)], lines, { class: "map" }));
}

function promotions({ promotions: changes }) {
  const lines = newestFirst(changes).map((change) =>
    row(`v${change.version}`, plain(change.kind), change.from_version ? `v${change.from_version}` : "–", when(change.at), said(change.by_words || change.by || "–", { most: 300 }), change.departed ? said(change.departed) : "–"),
  );
  const content = lines.length ? table("Versions that served, newest first", ["Version", "How", "In place of", "When", "By whom and why", "How it left"], lines) : make("p", { class: "empty" }, "No version has served yet.");
  return section("Versions", content);
}

function incidents({ incidents: past }) {
  const lines = past.map((incident) =>
    row(make("a", { href: to.incident(incident.id) }, named(incidentName(incident.cause_words))), said(incident.headline, { most: 160 }), incident.severity, incidentState(incident.state), when(incident.opened_at), incident.outcome ? plain(incident.outcome) : "–", incident.decided_words ? said(incident.decided_words) : "–"),
  );
  const content = lines.length ? table("Incidents, newest first", ["Cause", "What was seen", "Severity", "State", "Opened", "Outcome", "Who decided"], lines) : make("p", { class: "empty" }, "No incident has been opened.");
  return section("Incidents", content);
}

function notMonitored({ not_monitored: gaps }) {
  return gaps.length ? section("Not watched", make("ul", {}, gaps.map(({ what, why }) => make("li", {}, make("b", {}, said(what)), ": ", said(why))))) : null;
}
