/* What past outcomes teach: for each cause, how likely each action heals it, and what another order would be worth. */

import * as api from "../api.js";
import { shareInterval } from "../charts/share.js";
import { facts, folded, make, named, row, said, section, table } from "../dom.js";
import { to } from "../routes.js";
import { actionName, capital, number, percent, signed } from "../words.js";
import { trail } from "./parts.js";

const MODES = {
  off: "Learning is off: the rules order the actions, and nothing is learned.",
  shadow: "Learning is in the shadow: the rules order the actions. The order that past outcomes would give is recorded with each decision, and changes nothing.",
  on: "Learning is on: verified outcomes order the actions that the policy and the rules allow.",
};
const HEADS = ["Action", "Heals it, with interval", "Expected before", "Healed", "Chosen", "As first choice instead"];

export async function learningView({ names, signal }) {
  const learning = await api.learning(names.model, signal);
  const known = learning.causes.filter(hasExperience);
  const rest = learning.causes.filter((cause) => !hasExperience(cause));
  return [
    trail([named(names.model), to.model(names.model)], ["Policy", to.policy(names.model)], ["Learning"]),
    make("h2", {}, "Learning"),
    make("p", { class: "lead" }, MODES[learning.mode] ?? said(learning.mode)),
    learning.problem ? make("p", { class: "problem", role: "alert" }, said(learning.problem)) : null,
    standing(learning),
    known.length ? known.map((cause) => ofCause(cause, learning)) : make("p", { class: "empty" }, "No outcome counts yet. An outcome counts once an incident was closed after an action whose own verification is on record."),
    rest.length ? section("Causes without an outcome", folded(`Expectations for ${rest.length} causes`, rest.map((cause) => [make("h4", { class: "apart" }, named(capital(cause.cause_words))), actions(cause, learning)]))) : null,
    make("p", { class: "quiet" }, "The outcomes of all models count together. Only verified outcomes count; an incident that came back counts against what seemed to have healed it. What was rejected, stopped or closed by hand says nothing of an action."),
  ];
}

function hasExperience({ actions: known }) {
  return known.some(({ successes, failures, possible_in: possible }) => successes + failures + possible > 0);
}

function standing({ outcomes, decisions, left_out: leftOut, unvouched, confidence, estimate_confidence: estimated, exploration_fraction: explored }) {
  if (outcomes === undefined) return null;
  return facts([
    ["Outcomes that count", number(outcomes)],
    ["Decisions that the diagnosis made", number(decisions)],
    ["Decisions that no estimate uses", leftOut ? `${number(leftOut)}: an earlier version recorded wrong chances` : null],
    ["Incidents that are left out", unvouched ? `${number(unvouched)}: the audit chain does not vouch for them` : null],
    ["Intervals", `${percent(confidence)} of a posterior, ${percent(estimated)} of a difference`],
    ["Explored", explored ? `another allowed action in ${percent(explored)} of the decisions` : "nothing"],
  ]);
}

function ofCause(cause, learning) {
  return section(capital(cause.cause_words), cause.would_change ? make("p", {}, "By its outcomes ", said(cause.would_change.replaceAll("_", " "))) : null, actions(cause, learning));
}

function actions({ cause_words: words, actions: known }, { confidence }) {
  return table(`Actions for ${words}`, HEADS, known.map((action) => line(action, words, confidence)), { class: "policy" });
}

function line(action, cause, confidence) {
  const past = action.successes + action.failures;
  const between = `${percent(action.low)} to ${percent(action.high)}`;
  const words = `${actionName(action.action_words).slice(0, 80)} heals ${cause}: ${percent(action.mean)}, ${between} with ${percent(confidence)} confidence; before ${percent(action.prior)}`;
  return row(
    [named(actionName(action.action_words)), make("small", {}, `choice ${action.place} of the rules`)],
    [make("b", {}, percent(action.mean)), ` (${between})`, shareInterval(action, words)],
    [percent(action.prior), make("small", {}, `weighs as ${number(action.prior_weight)} outcomes`), make("small", {}, said(action.prior_source, { most: 160 })), action.prior_changed_by ? make("small", {}, "changed by ", named(action.prior_changed_by)) : null],
    past ? `${number(action.successes)} of ${number(past)}` : make("span", { class: "quiet" }, "no outcome yet"),
    [action.possible_in ? `${number(action.chosen_in)} of ${number(action.possible_in)}` : "–", action.propensity === null ? null : make("small", {}, `mean chance ${percent(action.propensity)}; in the shadow ${percent(action.in_shadow)}`), trials(action)],
    estimate(action),
  );
}

function trials({ trials_helped: helped, trials_did_not_help: not }) {
  return helped + not ? make("small", {}, `a training in the shadow helped in ${number(helped)} of ${number(helped + not)}`) : null;
}

function estimate({ off_policy: known, place }) {
  if (place === 1) return make("span", { class: "quiet" }, "it is the first choice");
  if (!known?.with_chance) return make("span", { class: "quiet" }, "unknown: no decision gave both a chance");
  return [
    make("b", {}, `${signed(known.doubly_robust)}`),
    ` (${signed(known.low)} to ${signed(known.high)})`,
    make("small", {}, `of the incidents healed; tried in ${number(known.tried)} of ${number(known.with_chance)} decisions`),
    make("small", {}, known.favours ? "It heals more." : "Not shown to heal more."),
  ];
}
