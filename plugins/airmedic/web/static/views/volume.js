/* The rows of each window against what was expected. */

import { figure, path, picture, scale, ticks } from "../charts/svg.js";
import { draw, row, table } from "../dom.js";
import { day, number } from "../words.js";

const WIDTH = 960;
const HEIGHT = 120;
const LEFT = 56;
const BOTTOM = 8;
const MOST_BARS = 200; // beyond them a bar is too narrow for the mouse, and all are drawn as one shape

/** Make the bars of the windows' rows. */
export function volumeChart(windows) {
  const highest = Math.max(...windows.flatMap(({ rows, rows_expected: expected }) => [rows ?? 0, expected ?? 0]), 1);
  const y = scale(0, highest * 1.05, HEIGHT - BOTTOM, 8);
  const width = (WIDTH - LEFT) / windows.length;
  const expected = windows.map((window, index) => (typeof window.rows_expected === "number" ? [LEFT + (index + 0.5) * width, y(window.rows_expected)] : null));
  const newest = windows.at(-1);
  const words = `Rows by window: newest ${number(newest.rows)}${typeof newest.rows_expected === "number" ? `, expected ${number(newest.rows_expected)}` : ""}.`;
  const image = picture(WIDTH, HEIGHT, words, "line-chart volume", [
    ticks(0, highest, 2).map((value) => draw("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, number(value))),
    windows.length > MOST_BARS ? skyline(windows, width, y) : windows.map((window, index) => bar(window, LEFT + index * width, width, y)),
    draw("path", { class: "limit", d: path(expected) }),
  ]);
  const lines = () => windows.map((window) => row(day(window.start), number(window.rows), number(window.rows_expected))).reverse();
  const legend = [["bar", "rows"], expected.some(Boolean) && ["limit", "expected"]].filter(Boolean);
  return figure("Rows by window", image, legend, () => table("Rows by window", ["Window", "Rows", "Expected"], lines()));
}

function bar({ rows, start }, left, width, y) {
  const top = y(rows ?? 0);
  return draw("rect", { class: "bar", x: left + width * 0.15, width: width * 0.7, y: top, height: Math.max(HEIGHT - BOTTOM - top, 0) }, draw("title", {}, `${day(start)}: ${number(rows)} rows`));
}

function skyline(windows, width, y) {
  const bars = windows.map((window, index) => `M${(LEFT + index * width).toFixed(1)} ${HEIGHT - BOTTOM}V${y(window.rows ?? 0).toFixed(1)}h${(width * 0.9).toFixed(2)}V${HEIGHT - BOTTOM}`);
  return draw("path", { class: "bars", d: bars.join("") });
}
