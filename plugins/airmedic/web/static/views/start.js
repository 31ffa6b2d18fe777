/* Starts a remediation by hand: the form of the model's own DAG, sent to Airflow. */

import * as api from "../api.js";
import { make, named, show } from "../dom.js";
import { fields, touched } from "../form.js";
import { to } from "../routes.js";
import { away, trail } from "./parts.js";

export async function startView({ names, signal }) {
  const dag = `remediate__${names.model}`;
  const params = await api.form(dag, signal);
  const form = touched(make("form", { class: "answer" }));
  const { elements, values } = fields(params);
  const button = make("button", { type: "submit", class: "approve" }, "Start");
  const outcome = make("div", { role: "status" });
  form.append(...elements, make("div", { class: "buttons" }, button), outcome);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const run = await api.start(dag, values());
      const page = api.airflowPage(`/dags/${encodeURIComponent(dag)}/runs/${encodeURIComponent(run.dag_run_id)}`);
      show(outcome, make("p", { class: "success" }, "Started: ", away(page, "the run in Airflow"), ". What it proposes will wait in ", make("a", { href: to.approvals() }, "Approvals"), "."));
      delete form.dataset.touched;
    } catch (error) {
      show(outcome, make("p", { class: "problem", role: "alert" }, error.message));
      button.disabled = false;
    }
  });
  return [
    trail([named(names.model), to.model(names.model)], ["Start a remediation"]),
    make("h2", {}, "Start a remediation"),
    make("p", {}, "Airmedic looks at the newest batch of ", named(names.model), ", and proposes a remedy. Whatever changes something waits for an approval first."),
    form,
  ];
}
