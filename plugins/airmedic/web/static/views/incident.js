/* One incident: what happened, why, who decided, and whether it helped. */

import * as api from "../api.js";
import { facts, folded, knowing, make, named, row, said, section, table } from "../dom.js";
import { to } from "../routes.js";
import { actionName, capital, incidentName, incidentState, number, percent, plain, span, when } from "../words.js";
import { away, badge, trail } from "./parts.js";
import { proposalCard } from "./proposal.js";
import { decisionTrace } from "./trace.js";

const POLICY = "policy"; // it answers where it allows an action without asking; why is the proposal's reason
const RULES = "rules"; // what they explain a cause with is the evidence, which stands below
const ENDED = new Set(["resolved", "rejected", "undone", "escalated"]);

export async function incidentView({ names, signal }) {
  const incident = await api.incident(names.incident, signal);
  const state = ENDED.has(incident.state) ? incident.state : "incident";
  return [
    trail([named(incident.model), to.model(incident.model)], ["Incident"]),
    make("h2", {}, named(incidentName(incident.cause_words)), " · ", named(incident.model), " ", badge(state, incidentState(incident.state))),
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
  const start = incident.window?.start ?? incident.window?.window_start;
  const closed = incident.closed_at ? [", closed ", when(incident.closed_at)] : ", still open";
  return make(
    "div",
    { class: "answers" },
    knowing([
      ["What happened", [incident.measured_then ? [said(incident.measured_then), " "] : null, said(incident.headline)]],
      ["Why", whyInShort(incident)],
      ["Who decided", decided(incident)],
      ["Did it help?", helped(incident)],
      ["What to do next", next(incident)],
    ]),
    make("p", { class: "quiet" }, start ? ["Seen in ", span(start, incident.window.end ?? incident.window.window_end), " · "] : null, `severity ${incident.severity} · opened `, when(incident.opened_at), closed),
    make(
      "p",
      { class: "doors" },
      incident.links?.airflow_run ? away(api.airflowPage(incident.links.airflow_run), "Run in Airflow") : null,
      incident.links?.mlflow_run ? away(incident.links.mlflow_run, "Report in MLflow", { leaves: true }) : null,
    ),
  );
}

function whyInShort({ causes: ranked, evidence, headline, something_else: rest }) {
  if (!ranked.length) return "It has not been diagnosed yet.";
  const [first, ...others] = ranked;
  const items = new Map(evidence.map((item) => [item.id, item]));
  const [shown] = first.supporting.map((id) => items.get(id)).filter((item) => item && !headline.includes(item.statement.replace(/\.$/, "")));
  const also = [...others.map(({ cause_words: words, share }) => `${words} ${percent(share)}`), ...(rest ? [`something else ${percent(rest)}`] : [])];
  return [make("b", {}, capital(first.title)), ` (${first.cause_words}), ${percent(first.share)} sure. `, shown ? [said(shown.statement), " "] : null, also.length ? make("span", { class: "quiet" }, `Otherwise: ${also.join(", ")}.`) : null];
}

function next({ state, next_words: words }) {
  return state === "awaiting_approval" ? make("a", { href: to.approvals() }, said(words)) : said(words);
}

function decided({ proposals: made }) {
  const counted = made.flatMap(({ action_words: action, answers: given }) => given.filter(({ refused_because: why }) => !why).map((given) => ({ action: actionName(action), ...given })));
  if (!counted.length) return "nobody yet";
  return counted.map(({ action, answer, at, by, comment }) => make("div", {}, by === POLICY ? "The policy, without asking," : named(by), answer === "approve" ? " approved: " : " rejected: ", named(action), ", ", when(at), comment && by !== POLICY ? [" – “", said(comment, { most: 120 }), "”"] : null));
}

function helped({ outcome, measured_words: words }) {
  if (!outcome) return words?.length ? words.map((sentence) => make("div", {}, said(sentence))) : "Not known yet.";
  const { summary, held_windows: held } = outcome;
  return [
    make("b", {}, `${capital(outcome.outcome ?? outcome.state)}. `),
    (words ?? []).map((sentence) => make("div", {}, said(sentence))),
    make("div", { class: "quiet" }, summary ? [said(summary), " "] : null, held ? `It has held for ${held} healthy ${held === 1 ? "window" : "windows"} since.` : null),
  ];
}

function causes({ causes: ranked, engine, evidence, something_else: rest, summary }) {
  if (!ranked.length) return section("Why", make("p", { class: "empty" }, "There is no diagnosis yet: the remediation's task “diagnose” writes it."));
  const items = new Map(evidence.map((item) => [item.id, item]));
  const cards = ranked.map((cause, index) =>
    make(
      "article",
      { class: "card" },
      make("h4", {}, named(capital(cause.cause_words)), make("span", { class: "quiet" }, typeof cause.share === "number" ? ` ${percent(cause.share)} sure` : "")),
      cause.explanation ? make("p", {}, said(engine === RULES ? cause.explanation.split(" For it:")[0] : cause.explanation)) : null,
      cited("Evidence for it", cause.supporting, items, index === 0),
      cited("Evidence against it", cause.contradicting, items, index === 0 && cause.contradicting.length > 0),
    ),
  );
  const whole = summary ? folded("The whole diagnosis", make("p", {}, said(summary))) : null;
  return section("Why", cards, rest ? make("p", { class: "quiet" }, `Something else: ${percent(rest)}.`) : null, whole);
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
