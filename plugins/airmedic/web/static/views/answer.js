/* The form of an answer. Airflow takes it, with the user's own session; whether it counts is for the ledger to say. */

import * as api from "../api.js";
import { make, named, said, show } from "../dom.js";
import { fields, touched } from "../form.js";

const LOOKS = 30; // at the ledger for what became of an answer, once a second: a busy scheduler takes that long
const LOOK_MILLISECONDS = 1000;

/** Make the form that answers one of Airflow's questions about a proposal. */
export function answerForm(approval, question, reload) {
  const form = touched(make("form", { class: "answer" }));
  const { elements, values } = fields(question.params);
  const outcome = make("div", { role: "status" });
  const buttons = question.options.map((option) => make("button", { type: "submit", value: option, class: option === "Approve" ? "approve" : "reject" }, option));
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

function refusal(error, { approvers }) {
  if (error.status === 403) return [error.message, approvers?.length ? [" Those who may: ", approvers.map((name, index) => [index ? ", " : "", named(name)]), "."] : null];
  if (error.status === 409) return "Somebody else was faster: this question has been answered. Press Refresh to see how.";
  return error.message;
}

/* An answer that narrows a proposal stands with the narrower one, so that all of the incident's are looked at. */
async function whatBecame({ incident_id: incident, hash, approvals_needed: needed }, respondedAt, option) {
  const since = Math.floor(new Date(respondedAt).getTime() / 1000) * 1000; // the read model tells whole seconds
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    let answers;
    try {
      const { proposals } = await api.incident(incident);
      answers = proposals.flatMap(({ hash: of, answers: given }) => given.map((answer) => ({ ...answer, isNarrower: of !== hash })));
    } catch {
      continue; // the ledger may be busy; the next look tells
    }
    const mine = answers.filter(({ at }) => new Date(at).getTime() >= since);
    const newest = mine.findLast(({ refused_because: why }) => !why) ?? mine.at(-1);
    if (!newest) continue;
    if (newest.refused_because) return make("p", { class: "problem", role: "alert" }, "Your answer is recorded and does not count: ", said(newest.refused_because));
    const left = option === "Approve" ? (needed ?? 1) - answers.filter(({ isNarrower, refused_because: why }) => !why && !isNarrower).length : 0;
    if (left > 0 && !newest.isNarrower) return make("p", { class: "success" }, "Approved by ", named(newest.by), `: it counts, and ${left} more ${left === 1 ? "has" : "have"} to approve.`);
    return make("p", { class: "success" }, `${option === "Approve" ? "Approved" : "Rejected"} by `, named(newest.by), newest.isNarrower ? ", narrower than proposed: it counts." : ": it counts.");
  }
  return make("p", { class: "quiet" }, "Airflow has your answer. Its scheduler has not gone on yet; the incident will show whether the answer counts.");
}
