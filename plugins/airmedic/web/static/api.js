/* Asks Airmedic's read model and Airflow's own REST interface, both with the user's session. */

const OURS = new URL("../api/", import.meta.url);
const AIRFLOW = new URL("../../api/v2/", import.meta.url);
const HOME = new URL("../../", import.meta.url);
const MOST_QUESTIONS = 100; // of one DAG: Airflow gives no more at once

/** What a server refused, in words. */
export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function ask(address, { method = "GET", body, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(address, { method, headers, signal, credentials: "same-origin", body: body ? JSON.stringify(body) : undefined });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The server does not answer. Look whether Airflow's API server runs, and try again.");
  }
  if (!answer.ok) throw new Refusal(answer.status, await wordsOf(answer));
  return answer.json();
}

async function wordsOf(answer) {
  if (answer.status === 401) return "Your session has ended. Load the page again to log in.";
  let detail = "";
  try {
    detail = wordsIn((await answer.json()).detail);
  } catch {
    // What is no JSON has no words for people.
  }
  if (answer.status === 403) return `Airflow says that you may not do this${detail ? ` (${detail})` : ""}. Ask somebody who may, or an administrator.`;
  return detail || `The server answered with an error (${answer.status}). Its log says more.`;
}

function wordsIn(detail) {
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail)) return detail.map((fault) => fault.msg ?? "").filter(Boolean).join(" ");
  return detail?.message ?? detail?.statement ?? "";
}

const part = encodeURIComponent;

export const fleet = (signal) => ask(new URL("fleet", OURS), { signal });
export const model = (name, windows, signal) => ask(new URL(`models/${part(name)}?windows=${windows}`, OURS), { signal });
export const column = (name, subject, signal) => ask(new URL(`models/${part(name)}/columns/${part(subject)}`, OURS), { signal });
export const policy = (name, signal) => ask(new URL(`models/${part(name)}/policy`, OURS), { signal });
export const learning = (name, signal) => ask(new URL(`models/${part(name)}/learning`, OURS), { signal });
export const incident = (id, signal) => ask(new URL(`incidents/${part(id)}`, OURS), { signal });
export const approvals = (signal) => ask(new URL("approvals", OURS), { signal });

/** Return the questions of a DAG that wait in Airflow: what is answered is one of these. */
export async function questions(dag, signal) {
  const address = new URL(`dags/${part(dag)}/dagRuns/~/hitlDetails?response_received=false&limit=${MOST_QUESTIONS}&order_by=-created_at`, AIRFLOW);
  return (await ask(address, { signal })).hitl_details;
}

/** Answer one of Airflow's questions. */
export function answer(question, option, fields) {
  const task = question.task_instance;
  const path = `dags/${part(task.dag_id)}/dagRuns/${part(task.dag_run_id)}/taskInstances/${part(task.task_id)}/${task.map_index}/hitlDetails`;
  return ask(new URL(path, AIRFLOW), { method: "PATCH", body: { chosen_options: [option], params_input: fields } });
}

/** Return the fields of a DAG's form. */
export async function form(dag, signal) {
  return (await ask(new URL(`dags/${part(dag)}/details`, AIRFLOW), { signal })).params;
}

/** Start a run of a DAG. */
export function start(dag, conf) {
  return ask(new URL(`dags/${part(dag)}/dagRuns`, AIRFLOW), { method: "POST", body: { logical_date: null, conf } });
}

/** The address of one of Airflow's own pages. */
export function airflowPage(path) {
  return new URL(String(path).replace(/^\//, ""), HOME).href;
}
