/* A line of a heat map: what a column did, window after window. */

import { draw } from "../dom.js";
import { picture } from "./svg.js";

const HEIGHT = 18;
const CELL = 10;

/** Return how strong a colour is: the verdict, and below it how near the limit an effect came. */
function level(cell) {
  if (!cell) return null;
  if (cell.verdict === "alert" || cell.verdict === "watch" || cell.verdict === "unknown") return cell.verdict;
  const share = shareOf(cell) ?? 0;
  return share > 0.66 ? "ok-high" : share > 0.33 ? "ok-middle" : "ok";
}

/** Return how far a cell's effect is on the way to its limit: 1 is at the limit. */
export function shareOf(cell) {
  if (!cell) return null;
  if (typeof cell.share === "number") return cell.share;
  return typeof cell.effect === "number" && cell.limit ? Math.abs(cell.effect / cell.limit) : null;
}

/** Make the strip of a column; `cells` are verdicts or null, `words` say what is seen. */
export function strip(cells, words) {
  const runs = [];
  cells.forEach((cell, index) => {
    const kind = level(typeof cell === "string" ? { verdict: cell } : cell);
    const last = runs.at(-1);
    if (last && last.kind === kind) last.length += 1;
    else runs.push({ kind, start: index, length: 1 });
  });
  const image = picture(
    Math.max(cells.length, 1) * CELL,
    HEIGHT,
    words,
    "strip",
    runs.filter(({ kind }) => kind).map(({ kind, start, length }) => draw("rect", { class: kind, x: start * CELL, y: 0, width: length * CELL, height: HEIGHT })),
  );
  image.setAttribute("preserveAspectRatio", "none"); // all strips have the width of their cell
  return image;
}

/** Say what a strip shows. */
export function stripWords(name, cells) {
  const verdicts = cells.map((cell) => (typeof cell === "string" ? cell : cell?.verdict));
  const count = (verdict) => verdicts.filter((given) => given === verdict).length;
  return `${String(name).slice(0, 80)}: alert in ${count("alert")} and watch in ${count("watch")} of ${cells.length} windows`;
}
