/* The policy of a model: what would happen now, and which rules, switches, limits and people say so. */

import * as api from "../api.js";
import { facts, folded, make, named, row, said, section, table } from "../dom.js";
import { to } from "../routes.js";
import { actionName, capital, duration, number, plain, when } from "../words.js";
import { badge, overridesTable, trail } from "./parts.js";
import { permissionWords } from "./proposal.js";

const TRIGGERS = { incident: "Monitoring", request: "A person", review: "A review", quiet: "A quiet alarm" };
const SHORT = { auto: "by itself", ask: "asks one", ask_two: "asks two", recommend: "recommends", deny: "no" };
const HOW_FAR = { observe: "does nothing", recommend: "recommends", ask: "asks", auto: "as the rules say" };

export async function policyView({ names, signal }) {
  const policy = await api.policy(names.model, signal);
  return [
    trail([named(names.model), to.model(names.model)], ["Policy"]),
    make("h2", {}, "Policy of ", named(policy.model)),
    make("p", { class: "lead" }, lead(policy)),
    policy.problem ? make("p", { class: "problem", role: "alert" }, said(policy.problem)) : null,
    policy.stops.map(stop),
    people(policy),
    make("p", { class: "doors" }, make("a", { href: to.learning(names.model) }, "Learning: what past outcomes teach")),
    wouldHappen(policy),
    rejected(policy),
    overridesTable(policy.overrides),
    permissions(policy),
    rules(policy),
    limits(policy),
    freezes(policy),
    policy.policy_sha256 ? folded("Ids", facts([["Hash of the policy", make("code", {}, policy.policy_sha256)]])) : null,
  ];
}

function lead({ problem, stops }) {
  if (problem) return "The policy cannot be read, so that nothing is allowed.";
  return stops.length ? "Something stops changes at the moment:" : "No switch, freeze or limit stops anything at the moment.";
}

function stop({ limit, reason, actions }) {
  return make("p", { class: "problem" }, make("b", {}, capital(limit)), ": ", said(reason), make("br"), `It stops: ${actions.join(", ")}.`);
}

function people({ policy, environment, approvers, second_tier: second, escalates_after_seconds: escalates, expires_after_seconds: expires, separation_of_duties: separated }) {
  return facts([
    ["Policy", [named(policy), ", in the environment ", named(environment)]],
    ["Who may answer", approvers.length ? list(approvers) : "everybody whom Airflow lets answer"],
    ["Told later", second.length ? [list(second), `, after ${duration(escalates)}`] : null],
    ["If nobody answers", `rejected after ${duration(expires)}; nothing changes then`],
    ["Four eyes", separated ? "Whoever asked for an action may not be the only one who approves it." : separated === false ? "One person may ask for an action and approve it." : null],
  ]);
}

function list(people) {
  return people.map((name, index) => [index ? ", " : "", named(name)]);
}

function wouldHappen({ causes }) {
  if (!causes.length) return null;
  const lines = causes.map(({ cause_words: words, decided_by: evidence, verified, unverified }) =>
    row([named(capital(words)), make("small", {}, said(evidence))], choice(verified), choice(unverified), others(verified)),
  );
  return section(
    "What would happen now",
    make("p", { class: "quiet" }, "If an incident of this cause was decided now. Its evidence may add a condition, call for another action first, or show that a remedy cannot be planned."),
    table("What would be chosen for each cause", ["Cause", "If its evidence holds", "If its evidence does not hold", "Why not the others"], lines, { class: "policy" }),
  );
}

function choice(prospects) {
  const chosen = prospects.find(({ fate }) => fate === "chosen");
  if (!chosen) return make("span", { class: "bad" }, "Nothing is allowed: people are told.");
  return [
    make("b", {}, named(actionName(chosen.action_words))),
    make("small", {}, permissionWords(chosen.permission, chosen.approvals)),
    chosen.one_of.length ? make("small", {}, "One of each: ", list(chosen.one_of)) : null,
    chosen.why ? make("small", {}, said(chosen.why)) : null,
    make("small", {}, said(chosen.reason)),
  ];
}

function others(prospects) {
  const rest = prospects.filter(({ fate }) => fate !== "chosen");
  if (!rest.length) return make("span", { class: "quiet" }, "there is no other");
  const line = ({ action_words: words, fate, reason, stopped_by: rule, condition }) =>
    make("li", {}, make("b", {}, named(actionName(words))), ": ", fate === "conditional" ? [`only `, said(condition), "."] : [rule ? `${capital(rule)}. ` : null, said(reason)]);
  return make("ul", { class: "evidence" }, rest.map(line));
}

function rejected({ rejections }) {
  if (!rejections?.length) return null;
  return section("Rejected, and not asked again yet", make("ul", {}, rejections.map(({ told, until }) => make("li", {}, said(told, { most: 300 }), " Until ", when(until), ", unless what it rests on changes."))));
}

function permissions({ actions }) {
  if (!actions.length) return null;
  const lines = actions.map(({ action_words: words, permissions: all, stopped_by: stopped, training_minutes: minutes, one_of: groups }) => {
    const now = Object.values(stopped);
    return row(
      [named(actionName(words)), minutes.model ? make("small", {}, `${number(minutes.model.spent)} of ${number(minutes.model.allowed)} min of training today`) : null, groups.length ? make("small", {}, "one of each: ", list(groups)) : null],
      ...Object.keys(TRIGGERS).map((trigger) => permitted(all.filter((line) => line.trigger === trigger))),
      now.length ? make("span", { class: "bad" }, now.map((reason) => make("div", {}, said(reason, { most: 200 })))) : make("span", { class: "quiet" }, "nothing"),
    );
  });
  return section("Each action, by what calls for it", folded(`All ${lines.length} actions`, table("What the policy says of each action", ["Action", ...Object.values(TRIGGERS), "What stops it now"], lines, { class: "policy" })));
}

function permitted(lines) {
  const words = ({ permission, approvals }) => (approvals > 2 ? `asks ${approvals}` : (SHORT[permission] ?? plain(permission)));
  const [verified, unverified] = ["verified", "unverified"].map((cause) => lines.find((line) => line.cause === cause));
  if (!verified || !unverified) return "–";
  const isSame = words(verified) === words(unverified);
  return [words(verified), isSame ? null : `; ${words(unverified)} where the cause is not verified`, make("small", {}, isSame || verified.because === unverified.because ? verified.because : `${verified.because}; ${unverified.because}`)];
}

function rules({ rules: all, autonomy }) {
  if (!all.length) return null;
  const lines = all.map(({ number: place, actions_words: actions, environments, cause, permission, approvals, one_of: groups }) =>
    row(String(place), named(actions.map(actionName).join(", ")), environments.includes("*") ? "everywhere" : named(environments.join(", ")), cause === "any" ? "any" : plain(cause), [permissionWords(permission, approvals), groups.length ? make("small", {}, "one of each: ", list(groups)) : null]),
  );
  const far = Object.entries(TRIGGERS).map(([trigger, word]) => [word, HOW_FAR[autonomy[trigger]] ?? plain(autonomy[trigger])]);
  return section(
    "Rules of the policy",
    make("p", { class: "quiet" }, "The first rule that fits decides. What no rule fits is denied."),
    table("Rules of the policy", ["Rule", "Actions", "Where", "Cause", "What it says"], lines),
    make("h4", { class: "apart" }, "How far to go at the most, by what calls for it"),
    facts(far),
  );
}

function limits({ limits: all }) {
  if (!all.length) return null;
  return section("Limits and budgets", folded(`All ${all.length} limits`, table("Limits of the policy", ["Limit", "Value"], all.map(({ limit, value }) => row(capital(limit), number(value))))));
}

function freezes({ freezes: all }) {
  if (!all.length) return null;
  const lines = all.map(({ start, end, reason, environments, holds }) => row(said(reason), when(start), when(end), environments.includes("*") ? "everywhere" : named(environments.join(", ")), holds ? badge("watch", "holds now") : "no"));
  return section("Change freezes", table("Change freezes of the policy", ["Why", "From", "To", "Where", "Now"], lines));
}
