/* The decision trace: each rule that was asked about each action, what it said, and why one was chosen. */

import { folded, make, named, row, said, section, table } from "../dom.js";
import { to } from "../routes.js";
import { actionName, capital, number, percent, plain, when } from "../words.js";

const FATES = { chosen: "chosen", passed_over: "passed over", not_reached: "not reached", conditional: "left to people" };
const BADGES = { chosen: "healthy", passed_over: "incident" };

/** Make the trace of an incident's decisions, oldest first. */
export function decisionTrace({ model, decisions }) {
  if (!decisions?.length) return null;
  return section("How it was decided", decisions.map((decision) => card(decision)), make("p", {}, make("a", { href: to.policy(model) }, "What the policy says now")));
}

function card({ at, path, reason, action_words: action, requested_by: by, dry_run: isDry, policy, considered, learning }) {
  const title = action ? actionName(action) : capital(path);
  return make(
    "article",
    { class: "card" },
    make("h4", {}, named(title), make("span", { class: "quiet" }, " ", when(at))),
    make("p", {}, isDry ? make("b", {}, "Dry run. ") : null, said(reason)),
    by ? make("p", { class: "quiet" }, "Asked for by ", named(by)) : null,
    considered.length ? [make("ul", { class: "considered" }, considered.map(line)), learned({ learning }), policy ? make("p", { class: "quiet" }, "Decided by the policy ", named(policy), ".") : null] : null,
  );
}

function line({ action_words: action, fate, reason, stopped_by: rule, rank, rules }) {
  return make(
    "li",
    {},
    make("b", {}, named(actionName(action))),
    " ",
    make("span", { class: `badge ${BADGES[fate] ?? ""}` }, FATES[fate] ?? plain(fate)),
    fate === "chosen" ? null : [rule ? ` ${capital(rule)}: ` : " ", said(reason, { most: 300 })],
    rank ? make("small", {}, rankWords(rank)) : null,
    rules.length ? folded(`The ${rules.length} rules that were asked`, table(`Rules asked about ${actionName(action).slice(0, 80)}`, ["Rule", "Answer"], rules.map(asked))) : null,
  );
}

function asked({ question, met, said: told }) {
  return row(question, [make("span", { class: met ? null : "bad" }, met ? "yes" : "no"), told ? [": ", said(told, { most: 300 })] : null]);
}

/* What is expected before there is experience is a guess of people; both numbers show how much of either is in it. */
function rankWords({ mean, low, high, successes, failures }) {
  const past = (successes ?? 0) + (failures ?? 0);
  const between = typeof low === "number" ? ` (${percent(low)} to ${percent(high)})` : "";
  const experience = past ? `; it healed ${number(successes)} of ${number(past)} incidents of this cause` : "; no experience with this cause yet";
  return `Expected to heal it: ${percent(mean)}${between}${experience}`;
}

/* In the shadow, which is the default, outcomes order nothing: what they would have ordered is told all the same. */
function learned({ learning }) {
  if (!learning?.mode || learning.mode === "off") return null;
  if (learning.mode !== "on" && !learning.would_try) return null;
  return make("p", { class: "quiet" }, learning.mode === "on" ? "Past outcomes ordered the actions." : ["The rules ordered the actions. Learning, in the shadow, would have tried first: ", named(actionName(learning.would_try)), "."]);
}
