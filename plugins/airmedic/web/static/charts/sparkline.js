/* A line as long as a word: where a number has been going. */

import { draw } from "../dom.js";
import { path, picture, range, scale } from "./svg.js";

const WIDTH = 110;
const HEIGHT = 28;
const EDGE = 3;

/** Make a sparkline; `limit` draws the accepted level, and `words` say what is seen. */
export function sparkline(values, { limit = null, words, low = null } = {}) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return null;
  const [from, to] = range([...known, ...(limit === null ? [] : [limit]), ...(low === null ? [] : [low])], 0.05);
  const y = scale(from, to, HEIGHT - EDGE, EDGE);
  const x = scale(0, Math.max(values.length - 1, 1), EDGE, WIDTH - EDGE);
  const points = values.map((value, index) => (value === null ? null : [x(index), y(value)]));
  const last = points.findLast((point) => point !== null);
  return picture(
    WIDTH,
    HEIGHT,
    words,
    "spark",
    limit === null ? null : draw("path", { class: "limit", d: path([[EDGE, y(limit)], [WIDTH - EDGE, y(limit)]]) }),
    draw("path", { class: "line", d: path(points) }),
    draw("circle", { class: "point", cx: last[0], cy: last[1], r: 2.2 }),
  );
}
