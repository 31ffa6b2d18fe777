/* A proposal: what would change, what it is worth, who decided, what came of it. */

import { intervalPicture } from "../charts/interval.js";
import { facts, folded, make, named, row, said, table } from "../dom.js";
import { actionName, capital, duration, metricName, number, plain, signed, when } from "../words.js";

const PERMISSIONS = {
  auto: "Airmedic may do this by itself.",
  ask: "One person has to approve.",
  ask_two: "Two different people have to approve.",
  recommend: "Airmedic may only recommend it.",
  deny: "The policy forbids it.",
};

/** Say who has to agree. */
export function permissionWords(permission, needed) {
  if (needed > 2) return `${needed} different people have to approve.`;
  return PERMISSIONS[permission] ?? plain(permission);
}

/** Make the card of a proposal, as incidents show it. */
export function proposalCard(proposal, { isNarrowed = false } = {}) {
  return make(
    "article",
    { class: "card" },
    make("h4", {}, named(actionName(proposal.action_words))),
    alarms(proposal),
    proposed(proposal),
    isNarrowed ? make("p", { class: "quiet" }, "Narrowed by its approver: the narrower proposal stands in its place.") : null,
    isNarrowed && !proposal.answers.length ? null : answersGiven(proposal.answers),
    done(proposal.action),
    gate(proposal.gate),
    folded("Hash", make("code", {}, proposal.hash)),
  );
}

/** What a proposal is, above the fold of an approval. */
export function proposed({ expected, reason, permission, params_words: params, undo_words: undo, approvals_needed: needed }) {
  return facts([
    ["What changes", params.length ? make("ul", {}, params.map((line) => make("li", {}, said(line, { most: 300 })))) : "nothing that serves now", params.length ? "wide" : null],
    ["What it is worth", expected ? said(expected) : null],
    ["Why", reason ? said(reason) : null],
    ["How it is undone", undo ? said(undo) : null],
    ["Who decides", permissionWords(permission, needed)],
  ]);
}

/** What has to be seen first: what speaks against a proposal, and what has changed since it was asked about before. */
export function alarms({ warning, changed }) {
  return [warning, changed].filter(Boolean).map((words) => make("p", { class: "problem" }, said(words)));
}

function answersGiven(answers) {
  if (!answers.length) return make("p", { class: "quiet" }, "Nobody has answered.");
  const lines = answers.map(({ answer, by, at, comment, refused_because: why }) =>
    make("li", {}, make("b", {}, named(by)), answer === "approve" ? " approved" : " rejected", ", ", when(at), comment ? [": “", said(comment, { most: 300 }), "”"] : null, why ? make("span", { class: "bad" }, " Did not count: ", said(why, { most: 300 })) : null),
  );
  return make("ul", { class: "decisions" }, lines);
}

function done(action) {
  if (!action) return null;
  const seconds = typeof action.seconds === "number" ? ` in ${duration(action.seconds)}` : "";
  return make("p", {}, make("b", {}, capital(action.status)), seconds, action.finished_at ? [", ", when(action.finished_at)] : null, action.summary ? [". ", said(action.summary)] : null);
}

/** What the comparison of challenger and champion said. */
export function gate(result) {
  if (!result) return null;
  const between = typeof result.low === "number" ? ` (${signed(result.low)} to ${signed(result.high)})` : "";
  const segments = (result.segments ?? []).map((segment) => row(named(segment.name ?? segment.segment ?? "–"), number(segment.champion_value), number(segment.challenger_value), signed(segment.difference), number(segment.rows)));
  return make(
    "div",
    { class: "gate" },
    facts([
      ["Test before deployment (gate)", make("b", {}, capital(result.outcome))],
      [metricName(result.metric ?? "metric"), `challenger ${number(result.challenger_value)}, champion ${number(result.champion_value)}`],
      ["Difference", [`${signed(result.difference)}${between}`, intervalPicture(result, `Challenger against champion: ${signed(result.difference)}${between} of ${metricName(result.metric ?? "the metric")}`)]],
      ["Compared on", result.rows ? `${number(result.rows)} labelled rows that neither has seen` : null],
    ]),
    result.reasons?.length ? folded("What decided the gate", make("ul", {}, result.reasons.map((reason) => make("li", {}, said(reason, { most: 300 }))))) : null,
    segments.length ? folded(`By segment (${segments.length})`, table("The gate by segment", ["Segment", "Champion", "Challenger", "Difference", "Rows"], segments)) : null,
  );
}
