/* What waits for people: the question, what it means, and the answer, which goes to Airflow. */

import * as api from "../api.js";
import { add, facts, folded, knowing, make, named, said } from "../dom.js";
import { to } from "../routes.js";
import { actionName, waited, when } from "../words.js";
import { answerForm } from "./answer.js";
import { decidingPicture } from "../charts/deciding.js";
import { alarms, gate, proposed } from "./proposal.js";

export async function approvalsView({ signal, reload }) {
  const { approvals } = await api.approvals(signal);
  const heading = make("h2", {}, "Approvals");
  if (!approvals.length) return [heading, make("p", { class: "empty" }, "Nothing waits for an approval. What is proposed next appears here and in Airflow's Required Actions.")];
  const dags = [...new Set(approvals.map(({ dag_id: dag }) => dag))];
  const asked = new Map(await Promise.all(dags.map(async (dag) => [dag, await questions(dag, signal)])));
  const oldestFirst = approvals.toSorted((one, other) => String(one.created_at).localeCompare(String(other.created_at)));
  return [heading, make("p", { class: "quiet" }, approvals.length === 1 ? "One question waits." : `${approvals.length} questions wait, the oldest first.`), oldestFirst.map((approval) => card(approval, asked.get(approval.dag_id), reload))];
}

/* Who may not see Airflow's questions still sees what is asked. */
async function questions(dag, signal) {
  try {
    return { waiting: await api.questions(dag, signal), problem: "" };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { waiting: [], problem: error.message };
  }
}

function card(approval, { waiting, problem }, reload) {
  // A DAG of somebody else may write this hash into a question of its own: only the model's DAG asks about the proposal.
  const question = waiting.find(({ body, task_instance: task }) => task.dag_id === approval.dag_id && body?.includes(approval.hash)) ?? null;
  const subject = question?.subject || approval.question;
  const all = [approval, ...approval.alternatives];
  return make(
    "article",
    { class: "card approval", "aria-label": subject.slice(0, 120) },
    make("h3", {}, said(subject, { most: 300 })),
    make("p", { class: "quiet" }, make("a", { href: to.model(approval.model) }, named(approval.model)), " · ", make("a", { href: to.incident(approval.incident_id) }, "the incident with its evidence"), ` · waits for ${waited(approval.created_at)}`),
    make(
      "div",
      { class: "asked" },
      make(
        "div",
        {},
        all.map(alarms),
        decidingPicture(approval.picture),
        knowing((approval.facts ?? []).map(({ name, sentences }) => [name, sentences.map((sentence) => [said(sentence, { most: 300 }), " "])])),
        all.length > 1 ? all.map((proposal) => [make("h4", {}, named(actionName(proposal.action_words))), proposed(proposal)]) : null,
      ),
      make(
        "aside",
        { class: "to-answer" },
        all.map(({ approvals_needed: needed, answers }) => [approvedSoFar({ approvals_needed: needed, answers }), earlier(answers)]),
        question ? answerForm(approval, question, reload) : make("p", { class: problem ? "problem" : "quiet", role: "status" }, problem || "Airflow does not ask this question at the moment: its task is about to ask, or has been cleared. Look again in a moment."),
      ),
    ),
    folded("Reason, test before deployment, ids", facts([["Why", all.map(({ reason }) => make("div", {}, said(reason)))], ["Proposal", all.map(({ hash }) => make("div", {}, make("code", {}, hash)))], ["Incident", make("code", {}, approval.incident_id)]]), comparison(approval), question ? make("pre", {}, said(question.body)) : null),
  );
}

function approvedSoFar({ approvals_needed: needed, answers }) {
  const approvals = answers.filter(({ answer, refused_because: why }) => answer === "approve" && !why);
  return needed > 1 ? facts([["Approved so far", `${approvals.length} of ${needed}`]]) : null;
}

/* How the challenger did stands with the incident, which is read once the question is there. */
function comparison({ incident_id: incident, hash, gate: known }) {
  const place = make("div", {}, gate(known));
  if (known) return place;
  api.incident(incident).then(
    ({ proposals }) => add(place, gate(proposals.find((proposal) => proposal.hash === hash)?.gate)),
    () => add(place, make("p", { class: "quiet" }, "What the gate said could not be read; the incident has it.")),
  );
  return place;
}

function earlier(answers) {
  if (!answers?.length) return null;
  return make("ul", { class: "decisions" }, answers.map(({ answer, by, at, comment, refused_because: why }) => make("li", {}, make("b", {}, named(by)), answer === "approve" ? " approved, " : " rejected, ", when(at), comment ? [": “", said(comment), "”"] : null, why ? make("span", { class: "bad" }, " Did not count: ", said(why)) : null)));
}
