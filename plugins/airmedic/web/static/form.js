/* Forms of Airflow's parameters: an answer's fields, and what a remediation is started with. */

import { make } from "./dom.js";
import { capital } from "./words.js";

let made = 0;

/** Make the fields of some parameters; `values` reads them, as Airflow takes them. */
export function fields(params) {
  const known = Object.entries(params ?? {}).map(([name, param]) => field(name, param ?? {}));
  return {
    elements: known.map(({ element }) => element),
    values: () => Object.fromEntries(known.map(({ name, read }) => [name, read()])),
  };
}

function field(name, { value, description, schema = {} }) {
  const id = `field-${(made += 1)}`;
  const words = schema.description ?? description ?? schema.description_md;
  const types = [schema.type].flat();
  const input = inputFor(schema, types, value);
  input.id = id;
  if (words) input.setAttribute("aria-describedby", `${id}-words`);
  const label = make("label", { for: id }, schema.title ?? capital(name));
  const note = words ? make("small", { id: `${id}-words` }, String(words).replaceAll("*", "")) : null;
  const isBox = input.type === "checkbox";
  const element = make("div", { class: isBox ? "field box" : "field" }, isBox ? [input, label] : [label, input], note);
  const read = () => {
    if (isBox) return input.checked;
    if (input.value === "" && types.includes("null")) return null;
    if (types.includes("integer") || types.includes("number")) return Number(input.value);
    return input.value;
  };
  return { name, element, read };
}

function inputFor(schema, types, value) {
  const required = !types.includes("null");
  if (schema.enum) {
    const options = schema.enum.map((option) =>
      make("option", { value: option, selected: option === value }, schema.values_display?.[option] ?? capital(option)),
    );
    return make("select", {}, options);
  }
  if (types.includes("boolean")) return make("input", { type: "checkbox", checked: value === true });
  if (types.includes("integer") || types.includes("number")) {
    return make("input", { type: "number", step: types.includes("integer") ? "1" : "any", value, min: schema.minimum, max: schema.maximum, required });
  }
  const text = make("textarea", { rows: "1", minlength: schema.minLength, maxlength: schema.maxLength, required: required && Boolean(schema.minLength) });
  text.value = value ?? "";
  return text;
}

/** Remember that somebody has begun to fill in a form: it is not drawn anew under their hands. */
export function touched(form) {
  form.addEventListener("input", () => {
    form.dataset.touched = "";
  });
  return form;
}
