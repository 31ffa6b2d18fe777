/* A share between none and all with its interval, and what was expected before: how sure one may be of an action. */

import { draw } from "../dom.js";
import { picture, scale } from "./svg.js";

const WIDTH = 160;
const HEIGHT = 20;
const MIDDLE = 10;

/** Make the picture of a share; `prior` is what was expected before any outcome. */
export function shareInterval({ mean, low, high, prior }, words) {
  if (![mean, low, high].every((value) => typeof value === "number")) return null;
  const x = scale(0, 1, 4, WIDTH - 4);
  return picture(WIDTH, HEIGHT, words, "share", [
    draw("line", { class: "axis", x1: x(0), x2: x(1), y1: MIDDLE, y2: MIDDLE }),
    draw("rect", { class: "between", x: x(low), width: Math.max(x(high) - x(low), 2), y: MIDDLE - 5, height: 10, rx: 3 }),
    typeof prior === "number" ? draw("line", { class: "zero", x1: x(prior), x2: x(prior), y1: 1, y2: HEIGHT - 1 }) : null,
    draw("circle", { class: "point", cx: x(mean), cy: MIDDLE, r: 3.5 }),
  ]);
}
