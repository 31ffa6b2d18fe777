/* All models: which are well, and which need somebody. */

import * as api from "../api.js";
import { sparkline } from "../charts/sparkline.js";
import { make, named, show } from "../dom.js";
import { remember, to } from "../routes.js";
import { STATE_MEANS, STATES, actionName, incidentName, metricName, number, waited, when } from "../words.js";
import { badge } from "./parts.js";

const FIRST_ROWS = 100; // more than a screen shows
const AT_ONCE = 40; // further rows, made while nobody does anything: few enough to answer a key meanwhile
const WITHIN_MILLISECONDS = 200; // of each other, where somebody always does something
const ORDER = Object.keys(STATES);
const STEPS = ["answer", "look", "set_up", "wait", "nothing"]; // what somebody has to do comes first

const COLUMNS = [
  { key: "name", word: "Model", by: (model) => model.name.toLowerCase() },
  { key: "state", word: "State", by: urgency },
  { key: "metric", word: "Metric", by: room },
  { key: "drift", word: "Drift", by: (model) => -(newestOf(model.drift_trend) ?? -1) },
  { key: "incident", word: "Last incident", by: (model) => model.incident?.opened_at ?? `9${model.last_incident?.closed_at ?? ""}` },
  { key: "champion", word: "Who decided", by: (model) => model.decided?.at ?? model.champion?.since ?? "" },
  { key: "approval", word: "What to do", by: (model) => `${STEPS.indexOf(model.next?.kind)}${model.approval?.asked_at ?? ""}` },
  { key: "checked", word: "Last check", by: (model) => checkedAt(model) ?? "" },
];

export async function fleetView({ query, signal }) {
  const { models } = await api.fleet(signal);
  const heading = make("h2", {}, "Fleet");
  if (!models.length) return [heading, nothing()];
  const wanted = { q: query.get("q") ?? "", owner: query.get("owner") ?? "", tag: query.get("tag") ?? "", state: query.get("state") ?? "", sort: query.get("sort") ?? "state" };
  const body = make("tbody");
  const count = make("p", { class: "quiet", role: "status" });
  const heads = COLUMNS.map((column) => head(column, wanted, update));
  const tiles = Object.entries(STATES).map(([state, word]) => tile(state, word, models, wanted, update));
  let drawing = 0;

  function update() {
    remember(Object.entries(wanted).filter(([key, value]) => key !== "sort" || value !== "state"));
    const chosen = sorted(models.filter((model) => matches(model, wanted)), wanted.sort);
    const all = `${models.length} ${models.length === 1 ? "model" : "models"}`;
    count.textContent = chosen.length === models.length ? all : `${chosen.length} of ${all}`;
    for (const [index, { key }] of COLUMNS.entries()) heads[index].setAttribute("aria-sort", order(wanted.sort, key));
    for (const { dataset, firstChild } of tiles) firstChild.setAttribute("aria-pressed", String(wanted.state === dataset.state));
    const turn = (drawing += 1);
    show(body, chosen.slice(0, FIRST_ROWS).map(line));
    const drawRest = (from) => {
      if (turn !== drawing || from >= chosen.length) return;
      body.append(...chosen.slice(from, from + AT_ONCE).map(line));
      later(() => drawRest(from + AT_ONCE));
    };
    later(() => drawRest(FIRST_ROWS));
  }

  update();
  return [
    heading,
    make("ul", { class: "tiles" }, tiles),
    make(
      "div",
      { class: "filters", role: "search" },
      labelled("Search", searchField(wanted, update)),
      labelled("Owner", choice("owner", models.map(({ owner }) => owner), wanted, update)),
      labelled("Tag", choice("tag", models.flatMap(({ tags }) => tags), wanted, update)),
      count,
    ),
    make(
      "div",
      { class: "scroll", role: "region", "aria-label": "Models", tabindex: "0" },
      make("table", { class: "fleet" }, make("caption", {}, "Models"), make("thead", {}, make("tr", {}, heads)), body),
    ),
  ];
}

/* Safari knows no idle moments. */
function later(step) {
  if (globalThis.requestIdleCallback) requestIdleCallback(step, { timeout: WITHIN_MILLISECONDS });
  else setTimeout(step, 0);
}

function nothing() {
  return make("p", { class: "empty" }, "There is no model that you may see. Put a model spec into the folder of models (", make("code", {}, "airmedic init"), " writes one), or ask for read access to its DAG ", make("code", {}, "monitor__<model>"), ".");
}

function line(model) {
  const cause = model.problem || (model.state === "watch" ? model.cause_words : "");
  return make(
    "tr",
    { "data-state": model.state },
    make("th", { scope: "row" }, make("a", { href: to.model(model.name) }, named(model.name)), make("small", {}, named([model.owner, ...model.tags].filter(Boolean).join(" · ")))),
    make("td", { class: "state" }, badge(model.state), cause ? make("small", {}, named(cause)) : null),
    make("td", { class: "number" }, metric(model)),
    make("td", {}, drift(model)),
    make("td", { class: "told" }, lastIncident(model)),
    make("td", { class: "told" }, decided(model)),
    make("td", { class: "told" }, nextStep(model)),
    make("td", {}, model.last_check ? [when(checkedAt(model), { asAge: true }), make("small", {}, `${number(model.last_check.rows)} rows`)] : make("span", { class: "quiet" }, "never")),
  );
}

function checkedAt({ last_check: check }) {
  return check?.checked_at ?? check?.as_of;
}

/* Where a value beyond its level is not more than chance explains, nothing is wrong, and nothing is red. */
const ALARMS = new Set(["incident", "watch"]);

function metric({ metric: measured, metric_trend: trend, name, state }) {
  if (!measured) return make("span", { class: "quiet" }, "not measured");
  const accepted = measured.limit === null ? "" : `, accepted ${measured.better === "lower" ? "up to" : "from"} ${number(measured.limit)}`;
  const words = `${name.slice(0, 80)}: ${metricName(measured.name)} ${number(measured.value)}${accepted}`;
  const isBeyond = room({ metric: measured }) < 0;
  const isBad = isBeyond && ALARMS.has(state);
  return make("div", { class: "with-spark" }, make("span", {}, make("b", { class: isBad ? "bad" : null }, number(measured.value)), make("small", {}, `${metricName(measured.name)}${accepted.replace(", accepted", ", ok")}${isBeyond && !isBad ? " ± chance" : ""}`)), sparkline(trend, { limit: measured.limit, words }));
}

function drift({ drift_trend: trend, name, state }) {
  const last = newestOf(trend);
  if (last === null) return make("span", { class: "quiet" }, "–");
  const words = `${name.slice(0, 80)}: largest move of an input ${number(last)} times its limit`;
  const isBad = last > 1 && ALARMS.has(state);
  return make("div", { class: "with-spark" }, make("span", {}, make("b", { class: isBad ? "bad" : null }, `${number(Math.round(last * 100) / 100)}×`), make("small", {}, last > 1 && !isBad ? "its limit, no alarm" : "its limit")), sparkline(trend, { limit: 1, low: 0, words }));
}

function lastIncident({ incident, last_incident: ended, metric: measured }) {
  if (incident) return [make("a", { href: to.incident(incident.id) }, named(incidentName(incident.cause_words))), make("small", {}, `open, ${incident.severity}, since ${waited(incident.opened_at)}`)];
  if (!ended) return make("span", { class: "quiet" }, "none so far");
  const { helped } = ended;
  const worth = helped ? `: ${metricName(measured?.name ?? "metric")} ${number(helped.before)} then, ${number(helped.since)} in ${helped.windows} ${helped.windows === 1 ? "window" : "windows"} since` : "";
  return [make("a", { href: to.incident(ended.id) }, named(incidentName(ended.cause_words))), make("small", {}, `${ended.outcome_words}${worth}`)];
}

/* The version that serves stands with the decision: most decisions are about it. */
function decided({ decided: last, champion }) {
  const serves = champion ? make("small", {}, `version ${champion.version} serves since `, when(champion.since, { asDay: true })) : null;
  if (!last) return [make("span", { class: "quiet" }, "nobody yet"), serves];
  return [named(last.words), serves ?? (last.at ? make("small", {}, when(last.at, { asAge: true })) : null)];
}

function nextStep({ next, approval, name }) {
  const step = next ?? { kind: "nothing", words: "–" };
  if (step.kind === "answer" && approval) return [make("a", { href: to.approvals() }, `${step.words} →`), make("small", {}, `${actionName(approval.action_words)}, waits for ${waited(approval.asked_at)}`)];
  if (step.kind === "nothing") return make("span", { class: "quiet" }, step.words);
  return step.incident ? make("a", { href: to.incident(step.incident) }, step.words) : make("a", { href: to.model(name) }, step.words);
}

/* What waits for an answer comes first, then what is unwell. */
function urgency({ state, approval, incident }) {
  return ORDER.indexOf(state) - (approval ? 2 * ORDER.length : incident ? ORDER.length : 0);
}

/* How far a metric is from its accepted level, on the good side; what is not measured comes last. */
function room({ metric: measured }) {
  if (!measured || measured.value === null || measured.limit === null) return Number.MAX_VALUE;
  return measured.better === "lower" ? measured.limit - measured.value : measured.value - measured.limit;
}

/* A move of an earlier window would be told as that of today. */
function newestOf(trend) {
  return trend?.at(-1) ?? null;
}

function matches(model, { q, owner, tag, state }) {
  if (state && model.state !== state) return false;
  if (owner && model.owner !== owner) return false;
  if (tag && !model.tags.includes(tag)) return false;
  const text = [model.name, model.owner, model.headline, model.cause_words, ...model.tags].join(" ").toLowerCase();
  return q.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function sorted(models, sort) {
  const isDown = sort.startsWith("-");
  const { by } = COLUMNS.find(({ key }) => key === sort.replace("-", "")) ?? COLUMNS[1];
  const keyed = models.map((model) => [by(model), model]);
  const compare = (first, second) => (first < second ? -1 : first > second ? 1 : 0);
  keyed.sort(([first, one], [second, other]) => (isDown ? compare(second, first) : compare(first, second)) || compare(one.name, other.name));
  return keyed.map(([, model]) => model);
}

function order(sort, key) {
  return sort === key ? "ascending" : sort === `-${key}` ? "descending" : "none";
}

function head({ key, word }, wanted, update) {
  const turn = () => {
    wanted.sort = wanted.sort === key ? `-${key}` : key;
    update();
  };
  return make("th", { scope: "col" }, make("button", { type: "button", class: "sort", on: { click: turn } }, word));
}

function tile(state, word, models, wanted, update) {
  const count = models.filter((model) => model.state === state).length;
  const choose = () => {
    wanted.state = wanted.state === state ? "" : state;
    update();
  };
  const button = make("button", { type: "button", class: `tile ${state}`, title: STATE_MEANS[state], on: { click: choose } }, make("b", {}, String(count)), " ", word);
  const item = make("li", { "data-state": state, hidden: count === 0 && wanted.state !== state }, button);
  return item;
}

function labelled(word, field) {
  return make("label", {}, make("span", {}, word), field);
}

function searchField(wanted, update) {
  const field = make("input", { type: "search", value: wanted.q, placeholder: "Name, owner, cause" });
  field.addEventListener("input", () => {
    wanted.q = field.value.trim();
    update();
  });
  return field;
}

function choice(key, values, wanted, update) {
  const known = [...new Set(values.filter(Boolean))].sort();
  const field = make("select", {}, make("option", { value: "" }, "All"), known.map((value) => make("option", { value, selected: wanted[key] === value }, value.slice(0, 60))));
  field.addEventListener("change", () => {
    wanted[key] = field.value;
    update();
  });
  return field;
}
