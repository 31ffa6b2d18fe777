/* The form of an answer. Airflow takes it, with the user's own session; whether it counts is for the ledger to say. */

import * as api from "../api.js";
import { make, named, said, show } from "../dom.js";
import { fields, touched } from "../form.js";

const LOOKS = 30; // at the ledger for what became of an answer, once a second: a busy scheduler takes that long
const LOOK_MILLISECONDS = 1000;
const CLASSES = { Approve: "approve", Reject: "reject" }; // of the buttons; other answers are neither good nor bad

/** Make the form that answers one of Airflow's questions about a proposal. */
export function answerForm(approval, question, reload) {
  const form = touched(make("form", { class: "answer" }));
  const { elements, values } = fields({ ...question.params, ...snoozing(approval, question) });
  const outcome = make("div", { role: "status" });
  const buttons = question.options.map((option) => make("button", { type: "submit", value: option, class: CLASSES[option] ?? null }, option));
  form.append(make("div", { class: "fields" }, ...elements), make("div", { class: "buttons" }, ...buttons), outcome);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const option = event.submitter?.value ?? question.options.at(-1);
    for (const button of buttons) button.disabled = true;
    show(outcome, make("p", { class: "quiet" }, "Sending your answer …"));
    let taken;
    try {
      taken = await api.answer(question, option, values());
    } catch (error) {
      show(outcome, make("p", { class: "problem", role: "alert" }, refusal(error, approval)));
      // What Airflow never takes from this person needs no buttons any more.
      if (error.status === 403) for (const button of buttons) button.remove();
      for (const button of buttons) button.disabled = false;
      return;
    }
    show(outcome, make("p", { class: "quiet" }, `Airflow has your answer: ${option}. Airmedic looks whether it counts …`));
    show(outcome, await whatBecame(approval, taken.responded_at, option));
    const again = make("button", { type: "button", on: { click: reload } }, "Show what waits now");
    outcome.append(again);
  });
  return form;
}

/* How long a rejection holds. Airflow's form has no such field, to keep its buttons on the first screen; it takes the answer. */
function snoozing({ snooze }, { options, params }) {
  if (!snooze || params?.snooze || !options.includes("Reject")) return {};
  return { snooze: { value: snooze.usual, schema: { type: "string", title: "If rejected, ask again after", enum: snooze.choices, values_display: Object.fromEntries(snooze.choices.map((choice) => [choice, choice])) } } };
}

function refusal(error, { approvers }) {
  if (error.status === 403) return [error.message, approvers?.length ? [" Those who may: ", approvers.map((name, index) => [index ? ", " : "", named(name)]), "."] : null];
  if (error.status === 409) return "Somebody else was faster: this question has been answered. Press Refresh to see how.";
  return error.message;
}

/* An answer that narrows a proposal stands with the narrower one, whose parent it is. A question about a trial has two
   proposals: each answer is recorded with both, and an approval of either says more than the rejection of the other. */
async function whatBecame({ incident_id: incident, hash, alternatives = [] }, respondedAt, option) {
  const asked = new Set([hash, ...alternatives.map(({ hash: other }) => other)]);
  const since = Math.floor(new Date(respondedAt).getTime() / 1000) * 1000; // the read model tells whole seconds
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    let answers;
    try {
      const { proposals } = await api.incident(incident);
      answers = proposals.filter((proposal) => asked.has(proposal.hash) || asked.has(proposal.parent)).flatMap(answersOf(asked));
    } catch {
      continue; // the ledger may be busy; the next look tells
    }
    const mine = answers.filter(({ at }) => new Date(at).getTime() >= since);
    const counted = mine.filter(({ refused_because: why }) => !why);
    const newest = counted.findLast(({ answer }) => answer === "approve") ?? counted.at(-1) ?? mine.at(-1);
    if (newest) return newest.refused_because ? make("p", { class: "problem", role: "alert" }, "Your answer is recorded and does not count: ", said(newest.refused_because)) : make("p", { class: "success" }, outcomeWords(newest, option));
  }
  return make("p", { class: "quiet" }, "Airflow has your answer. Its scheduler has not gone on yet; the incident will show whether the answer counts.");
}

function answersOf(asked) {
  return ({ parent, answers, approvals_needed: needed }) => {
    const approvals = answers.filter(({ answer, refused_because: why }) => answer === "approve" && !why).length;
    return answers.map((answer) => ({ ...answer, isNarrower: asked.has(parent), left: (needed ?? 1) - approvals }));
  };
}

/* What the ledger has recorded, which another person's answer may have decided. */
function outcomeWords({ answer, by, isNarrower, left }, option) {
  const chosen = option in CLASSES ? "" : `“${option}”: `;
  if (answer !== "approve") return [chosen ? `${chosen}what was proposed is rejected by ` : "Rejected by ", named(by), ": it counts."];
  const approved = [chosen ? `${chosen}approved by ` : "Approved by ", named(by)];
  if (left > 0) return [approved, `: it counts, and ${left} more ${left === 1 ? "has" : "have"} to approve.`];
  return [approved, isNarrower ? ", narrower than proposed: it counts." : ": it counts."];
}
