/* One incident: what happened, why, who decided, and whether it helped. */

import * as api from "../api.js";
import { facts, folded, make, named, row, said, section, table } from "../dom.js";
import { to } from "../routes.js";
import { actionName, capital, duration, incidentName, incidentState, metricName, number, percent, plain, signed, span, when } from "../words.js";
import { away, badge, trail } from "./parts.js";
import { proposalCard } from "./proposal.js";
import { decisionTrace } from "./trace.js";

const POLICY = "policy"; // it answers where it allows an action without asking; why is the proposal's reason
const ENDED = new Set(["resolved", "rejected", "undone", "escalated"]);

export async function incidentView({ names, signal }) {
  const incident = await api.incident(names.incident, signal);
  const state = ENDED.has(incident.state) ? incident.state : "incident";
  return [
    trail([named(incident.model), to.model(incident.model)], ["Incident"]),
    make("h2", {}, named(incidentName(incident.cause_words)), " · ", named(incident.model), " ", badge(state, incidentState(incident.state))),
    make("p", { class: "lead" }, said(incident.headline)),
    answers(incident),
    causes(incident),
    decisionTrace(incident),
    proposals(incident),
    timeline(incident),
    unknown(incident),
    similar(incident),
    evidenceTable(incident),
    folded("Ids", facts([["Incident", make("code", {}, incident.id)], ["Proposals", incident.proposals.map(({ hash }) => make("div", {}, make("code", {}, hash)))]])),
  ];
}

/* The five questions that somebody has who opens this page, before they scroll. */
function answers(incident) {
  const replaced = parentsOf(incident.proposals);
  const open = incident.proposals.find(({ hash, answers: given, action }) => !action && !replaced.has(hash) && !given.some(({ refused_because: why }) => !why));
  const waits = incident.state === "awaiting_approval" && open;
  const start = incident.window?.start ?? incident.window?.window_start;
  return make(
    "div",
    { class: "answers" },
    facts([
      ["Who decided", decided(incident), "wide"],
      ["Did it help?", helped(incident), "wide"],
      ["What to do", waits ? make("a", { href: to.approvals() }, `Answer: ${actionName(open.action_words)}`) : incident.state === "escalated" ? "Look into it: Airmedic has no remedy that it may carry out." : ENDED.has(incident.state) ? "Nothing: it has ended." : "Wait: Airmedic is at work."],
      ["Rows", start ? span(start, incident.window.end ?? incident.window.window_end) : null],
      ["Severity", incident.severity],
      ["Opened", [when(incident.opened_at), incident.closed_at ? `, closed after ${duration((new Date(incident.closed_at) - new Date(incident.opened_at)) / 1000)}` : ", still open"]],
    ]),
    incident.summary && incident.summary !== incident.headline ? make("p", {}, said(incident.summary)) : null,
    make(
      "p",
      { class: "doors" },
      incident.links?.airflow_run ? away(api.airflowPage(incident.links.airflow_run), "Run in Airflow") : null,
      incident.links?.mlflow_run ? away(incident.links.mlflow_run, "Report in MLflow", { leaves: true }) : null,
    ),
  );
}

function decided({ proposals: made }) {
  const counted = made.flatMap(({ action_words: action, answers: given }) => given.filter(({ refused_because: why }) => !why).map((given) => ({ action: actionName(action), ...given })));
  if (!counted.length) return "nobody yet";
  return counted.map(({ action, answer, by, comment }) => make("div", {}, by === POLICY ? "The policy, without asking," : named(by), answer === "approve" ? " approved: " : " rejected: ", named(action), comment && by !== POLICY ? [" – “", said(comment, { most: 120 }), "”"] : null));
}

function helped({ outcome }) {
  if (!outcome) return null;
  const { before, after, metric, summary, held_windows: held } = outcome;
  const isMeasured = typeof before === "number" && typeof after === "number";
  return [
    make("div", {}, make("b", {}, capital(outcome.outcome ?? outcome.state)), isMeasured ? `: ${metricName(metric ?? "metric")} ${number(before)} before, ${number(after)} after (${signed(after - before)})` : null),
    summary ? make("div", {}, said(summary)) : null,
    held ? make("div", {}, `It has held for ${held} healthy ${held === 1 ? "window" : "windows"} since.`) : null,
  ];
}

function causes({ causes: ranked, evidence, shares_words: apart }) {
  if (!ranked.length) return section("Why", make("p", { class: "empty" }, "There is no diagnosis yet: the remediation's task “diagnose” writes it."));
  const items = new Map(evidence.map((item) => [item.id, item]));
  const cards = ranked.map((cause, index) =>
    make(
      "article",
      { class: "card" },
      make("h4", {}, named(capital(cause.cause_words)), make("span", { class: "quiet" }, typeof cause.confidence === "number" ? ` ${percent(cause.confidence)} sure` : "")),
      cause.explanation ? make("p", {}, said(cause.explanation)) : null,
      cited("Evidence for it", cause.supporting, items, index === 0),
      cited("Evidence against it", cause.contradicting, items, index === 0 && cause.contradicting.length > 0),
    ),
  );
  return section("Why", cards, apart ? make("p", { class: "quiet" }, apart) : null);
}

function cited(title, ids, items, isOpen) {
  const known = ids.map((id) => items.get(id)).filter(Boolean);
  if (!known.length) return make("p", { class: "quiet" }, `${title}: nothing.`);
  const list = make("ul", { class: "evidence" }, known.map((item) => make("li", {}, make("code", {}, item.id), " ", said(item.statement, { most: 300 }))));
  return make("details", { open: isOpen }, make("summary", {}, `${title} (${known.length})`), list);
}

function proposals({ proposals: made }) {
  if (!made.length) return null;
  const replaced = parentsOf(made);
  return section("Proposals, decisions and actions", made.map((proposal) => proposalCard(proposal, { isNarrowed: replaced.has(proposal.hash) })));
}

/* An approver has narrowed these: the narrower proposals stand in their place. */
function parentsOf(made) {
  return new Set(made.map(({ parent }) => parent).filter(Boolean));
}

function timeline({ timeline: moments }) {
  if (!moments.length) return null;
  return section(
    "Timeline",
    make("ol", { class: "timeline" }, moments.map(({ at, kind, words, by }) => make("li", { class: String(kind).replace(/\W/g, "-") }, when(at), " ", said(words, { most: 300 }), by ? [" – ", named(by)] : null))),
  );
}

function unknown({ not_known: gaps }) {
  return gaps.length ? section("Open questions", make("ul", {}, gaps.map((gap) => make("li", {}, said(gap))))) : null;
}

function similar({ similar: others }) {
  if (!others.length) return null;
  return section("Similar incidents", make("ul", {}, others.map(({ id, headline, outcome }) => make("li", {}, make("a", { href: to.incident(id) }, said(headline || id, { most: 160 })), outcome ? ` – ${plain(outcome)}` : null))));
}

function evidenceTable({ evidence }) {
  if (!evidence.length) return null;
  const lines = evidence.map(({ id, statement, value, baseline, unit, verdict }) => row(make("code", {}, id), said(statement, { most: 300 }), [number(value), unit ? ` ${unit}` : ""], number(baseline), verdict ? plain(verdict) : "–"));
  return section("Evidence", folded(`All ${evidence.length} items`, table("Evidence", ["Id", "What it says", "Value", "Usual", "Verdict"], lines)));
}
