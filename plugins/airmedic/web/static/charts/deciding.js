/* What decides an approval: values of one metric as bars from zero, so that their lengths may be compared. */

import { draw, make } from "../dom.js";

/** Make the picture of an approval; nothing where nothing was measured. `picture` is what the read model says. */
export function decidingPicture(picture) {
  if (!picture?.bars?.length) return null;
  const full = picture.full || Math.max(...picture.bars.map(({ value }) => Math.abs(value))) || 1;
  const chance = picture.chance ? (100 * picture.chance) / full : null;
  const bars = picture.bars.map(({ label, value, words, decides }) => make(
    "li",
    { class: decides ? "newest" : null },
    make("span", {}, label),
    picture.has_lengths === false ? make("span") : draw("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, draw("rect", { class: "whole", width: 100, height: 10 }), draw("rect", { class: "length", width: (100 * Math.abs(value)) / full, height: 10 }), chance === null ? null : draw("rect", { class: "chance", x: chance, width: 0.4, height: 10 })),
    make("b", {}, words),
  ));
  return make("figure", { class: "deciding" }, make("figcaption", {}, picture.title), make("ul", {}, bars), picture.note ? make("p", {}, picture.note) : null);
}
