/* What several views show: a state, where one is, the way back. */

import { make, named, row, said, section, table } from "../dom.js";
import { to } from "../routes.js";
import { STATE_MEANS, STATES, number, plain, when } from "../words.js";

/** A state as a coloured word; the colour says nothing that the word does not. */
export function badge(state, words) {
  return make("span", { class: `badge ${state}`, title: STATE_MEANS[state] }, words ?? STATES[state] ?? plain(state));
}

/** The way back: links from the fleet down to where one is. */
export function trail(...steps) {
  const links = [["Fleet", to.fleet()], ...steps].map(([word, address]) => make("li", {}, address ? make("a", { href: address }, word) : word));
  return make("nav", { class: "trail", "aria-label": "Where you are" }, make("ol", {}, links));
}

/** A link out of this page, which opens in a window of its own where it leaves Airflow. */
export function away(address, words, { leaves = false } = {}) {
  return make("a", { href: address, target: leaves ? "_blank" : null, rel: leaves ? "noreferrer" : null }, words, leaves ? " ↗" : "");
}

/** What people have set beside the files, and who did. */
export function overridesTable(set) {
  if (!set.length) return null;
  const lines = set.map((change) => row([named(`${plain(change.kind)}: ${change.key}`), change.of_all_models ? make("small", {}, "of all models") : null], said(valueOf(change.value)), named(change.author), said(change.reason), when(change.created_at), change.expires_at ? when(change.expires_at) : "stays"));
  return section("Overrides in force", table("What people have set beside the spec", ["What", "Value", "By", "Why", "Since", "Until"], lines));
}

function valueOf(value) {
  return value !== null && typeof value === "object" ? JSON.stringify(value) : number(value);
}
