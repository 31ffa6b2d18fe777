/* The page's own places. They live in the hash: Airflow 3.2 hands plugins no path below their own. */

const VIEWS = [
  { view: "fleet", parts: [] },
  { view: "approvals", parts: ["approvals"] },
  { view: "model", parts: ["models", ":model"] },
  { view: "start", parts: ["models", ":model", "start"] },
  { view: "policy", parts: ["models", ":model", "policy"] },
  { view: "learning", parts: ["models", ":model", "learning"] },
  { view: "column", parts: ["models", ":model", "columns", ":column"] },
  { view: "incident", parts: ["incidents", ":incident"] },
];

/** Return the view that a hash names, with its names and its query; the fleet for what is no place. */
export function place(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const given = path ? path.split("/").map(decoded) : [];
  for (const { view, parts } of VIEWS) {
    if (parts.length !== given.length) continue;
    if (parts.every((part, index) => part.startsWith(":") || part === given[index])) {
      const names = Object.fromEntries(parts.map((part, index) => [part.slice(1), given[index]]).filter((_, index) => parts[index].startsWith(":")));
      return { view, names, query: new URLSearchParams(query) };
    }
  }
  return { view: "fleet", names: {}, query: new URLSearchParams(query) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/* Airflow's page has a base address, against which a hash alone would lead away. */
function address(...parts) {
  return `${location.pathname}${location.search}#/${parts.map(encodeURIComponent).join("/")}`;
}

export const to = {
  fleet: () => address(),
  approvals: () => address("approvals"),
  model: (model, windows = null) => `${address("models", model)}${windows ? `?windows=${windows}` : ""}`,
  start: (model) => address("models", model, "start"),
  policy: (model) => address("models", model, "policy"),
  learning: (model) => address("models", model, "learning"),
  column: (model, column) => address("models", model, "columns", column),
  incident: (incident) => address("incidents", incident),
};

/** Write what a view wants to find again into the address, without a step back to it. */
export function remember(entries) {
  const [path] = location.hash.split("?");
  const query = new URLSearchParams(entries.filter(([, value]) => value)).toString();
  history.replaceState(history.state, "", `${location.pathname}${location.search}${path || "#/"}${query ? `?${query}` : ""}`);
}
