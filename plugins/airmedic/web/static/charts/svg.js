/* What the charts share: scales, ticks, paths, and their text alternative. */

import { draw, make } from "../dom.js";

/** Return a function from values to places. */
export function scale(from, to, low, high) {
  const width = to - from || 1;
  return (value) => low + ((value - from) / width) * (high - low);
}

/** Return round numbers between two values, about `count` of them. */
export function ticks(from, to, count = 4) {
  const rough = (to - from) / count;
  if (!(rough > 0) || !Number.isFinite(rough)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((width) => width >= rough);
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.floor((to - first) / step + 1e-9) + 1 }, (_, index) => Number((first + index * step).toPrecision(12)));
}

/** Return the least and the greatest of the numbers, with some air around them. */
export function range(values, air = 0.08) {
  const known = values.filter((value) => typeof value === "number");
  if (!known.length) return [0, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const value of known) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const margin = (high - low || Math.abs(high) || 1) * air;
  return [low - margin, high + margin];
}

/** Return a path through points; where one is null, the line has a gap. */
export function path(points) {
  let pen = "M";
  let d = "";
  for (const point of points) {
    if (point === null) {
      pen = "M";
      continue;
    }
    d += `${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
    pen = "L";
  }
  return d;
}

/** Make a picture with a text in its place for whoever does not see it. */
export function picture(width, height, words, className, ...children) {
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words, class: className }, children);
}

/** Make a chart: a picture with a caption, a legend and its numbers as a table, which is made when it is unfolded. */
export function figure(caption, image, legend, numbers) {
  const details = numbers ? make("details", {}, make("summary", {}, "As a table")) : null;
  details?.addEventListener("toggle", () => details.append(numbers()), { once: true });
  return make(
    "figure",
    {},
    make("figcaption", {}, caption),
    make("div", { class: "chart", role: "region", "aria-label": caption, tabindex: "0" }, image),
    legend?.length ? make("ul", { class: "legend" }, legend.map(([kind, word]) => make("li", { class: `key ${kind}` }, word))) : null,
    details,
  );
}
