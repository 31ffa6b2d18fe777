/* A difference with its interval, against no difference: the picture that decides on a challenger. */

import { draw } from "../dom.js";
import { signed } from "../words.js";
import { picture, range, scale } from "./svg.js";

const WIDTH = 320;
const HEIGHT = 56;
const MIDDLE = 20;

/** Make the picture of a gate's difference; null where it was not measured. */
export function intervalPicture({ difference, low, high }, words) {
  if (![difference, low, high].every((value) => typeof value === "number")) return null;
  const [from, to] = range([low, high, 0], 0.2);
  const x = scale(from, to, 8, WIDTH - 8);
  const label = (value, anchor = "middle") => draw("text", { x: x(value), y: HEIGHT - 6, "text-anchor": anchor }, value === 0 ? "same" : signed(value));
  const isApart = low > 0 || high < 0;
  return picture(WIDTH, HEIGHT, words, "interval", [
    draw("line", { class: "axis", x1: 8, x2: WIDTH - 8, y1: MIDDLE, y2: MIDDLE }),
    draw("line", { class: "zero", x1: x(0), x2: x(0), y1: 4, y2: 36 }),
    draw("rect", { class: low >= 0 ? "better" : high <= 0 ? "worse" : "open", x: x(low), width: Math.max(x(high) - x(low), 2), y: MIDDLE - 7, height: 14, rx: 3 }),
    draw("circle", { class: "point", cx: x(difference), cy: MIDDLE, r: 4 }),
    label(0),
    isApart || Math.abs(x(low) - x(0)) > 60 ? label(difference) : null,
  ]);
}
