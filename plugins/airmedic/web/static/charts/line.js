/* Performance over time: the metric with its interval, the accepted level, and what happened, on one axis. */

import { draw, row, table } from "../dom.js";
import { day, moment, number } from "../words.js";
import { figure, path, picture, range, scale, ticks } from "./svg.js";

const WIDTH = 960;
const HEIGHT = 260;
const LEFT = 56;
const RIGHT = 12;
const TOP = 26;
const BOTTOM = 26;
const MOST_POINTS = 200; // beyond them points of healthy windows would touch, and the line tells them
const MOST_LABELS = 7; // along the time axis, so that they do not touch

const MOST_STEP_LETTERS = 20; // of a step of the accepted level
const LETTER = 6.5; // width of a letter in units of the chart, about the mean of common fonts

const BOLD_LETTER = 7.5; // the same of bold ones

const USUAL = new Set(["healthy", "ok", null, undefined]);

/**
 * Make the chart of a metric.
 *
 * `windows` have start, value, low, high, limit, outcome, quarantined and incident; `marks` are
 * `{ index, kind: "deployment" | "rollback", label, by, words }`, placed at a window; `level` is what the dashed line is.
 */
export function lineChart(title, windows, marks, { level = "accepted level" } = {}) {
  const x = scale(0, Math.max(windows.length - 1, 1), LEFT, WIDTH - RIGHT);
  const [from, to] = range(windows.flatMap(({ value, low, high, limit }) => [value, low, high, limit]));
  const y = scale(from, to, HEIGHT - BOTTOM, TOP);
  const half = (x(1) - x(0)) / 2;
  const at = (key) => windows.map((window, index) => (window[key] === null || window[key] === undefined ? null : [x(index), y(window[key])]));
  const image = picture(WIDTH, HEIGHT, summary(title, windows, marks), "line-chart", [
    grid(from, to, y),
    timeAxis(windows, x),
    windows.map((window, index) => (window.quarantined ? block("quarantined", x(index), half, `Quarantined: ${day(window.start)}`) : null)),
    windows.map((window, index) => (window.incident ? block("in-incident", x(index), half, `Incident: ${window.headline ?? ""}`) : null)),
    bands(windows, x, y).map((d) => draw("path", { class: "band", d })),
    levels(windows, x, y, half),
    draw("path", { class: "line", d: path(at("value")) }),
    windows.map((window, index) => (windows.length <= MOST_POINTS || !USUAL.has(window.outcome) ? point(window, x(index), y) : null)),
    marks.map((mark, place) => flag(mark, x(mark.index) - half, place + 1 < marks.length ? x(marks[place + 1].index) - half : WIDTH)),
  ]);
  return figure(title, image, legend(windows, marks, level), () => numbers(title, windows));
}

function grid(from, to, y) {
  return ticks(from, to).map((value) => [
    draw("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
    draw("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, number(value)),
  ]);
}

function timeAxis(windows, x) {
  const step = Math.max(1, Math.ceil(windows.length / MOST_LABELS));
  return windows.map((window, index) => {
    if (index % step !== 0) return null;
    const anchor = index === 0 ? "start" : x(index) > WIDTH - 50 ? "end" : "middle";
    return draw("text", { x: x(index), y: HEIGHT - 8, "text-anchor": anchor }, day(window.start));
  });
}

/* The interval, as one area for each stretch of windows that have one. */
function bands(windows, x, y) {
  const areas = [];
  let stretch = [];
  for (const [index, { low, high }] of [...windows.entries(), [windows.length, {}]]) {
    if (typeof low === "number" && typeof high === "number") {
      stretch.push([x(index), y(low), y(high)]);
      continue;
    }
    if (stretch.length > 1) {
      const lower = stretch.map(([place, bottom]) => [place, bottom]);
      const upper = stretch.map(([place, , top]) => [place, top]).reverse();
      areas.push(`${path([...lower, ...upper])}Z`);
    }
    stretch = [];
  }
  return areas;
}

/* The accepted level of each window, from its begin to its end: it steps, and nothing lies between two levels. */
function levels(windows, x, y, half) {
  const places = [];
  const words = [];
  let free = -Infinity;
  let last = null;
  for (const [index, { limit, version }] of windows.entries()) {
    if (typeof limit !== "number") {
      places.push(null);
      last = null;
      continue;
    }
    const left = Math.max(x(index) - half, LEFT);
    places.push([left, y(limit)], [Math.min(x(index) + half, WIDTH - RIGHT), y(limit)]);
    if (last && last.limit !== limit && version && version !== last.version && left > free) {
      const text = `level of v${version}`.slice(0, MOST_STEP_LETTERS);
      const falls = y(limit) > y(last.limit);
      words.push(draw("text", { class: "level", x: Math.min(left + 6, WIDTH - RIGHT - text.length * LETTER), y: y(limit) + (falls ? 14 : -6) }, text));
      free = left + text.length * LETTER;
    }
    last = { limit, version };
  }
  return [draw("path", { class: "limit", d: path(places) }), words];
}

function block(kind, place, half, words) {
  const left = Math.max(place - half, LEFT);
  const right = Math.min(Math.max(place + half, left + 2), WIDTH - RIGHT);
  return draw("rect", { class: kind, x: left, width: right - left, y: TOP, height: HEIGHT - TOP - BOTTOM }, draw("title", {}, words));
}

function point(window, place, y) {
  if (window.value === null || window.value === undefined) return null;
  const words = `${day(window.start)}: ${number(window.value)}${window.headline ? `. ${window.headline}` : ""}`;
  return draw("circle", { class: `point ${window.outcome}`, cx: place, cy: y(window.value), r: window.incident ? 4 : 2.6 }, draw("title", {}, words));
}

/* Where the windows of a version begin, with who approved it as far as there is room. */
function flag({ kind, words, label, by }, place, next) {
  const whole = by ? `${label} by ${by}` : label;
  const told = whole.length * BOLD_LETTER < next - place ? whole : label;
  const nearEnd = place + told.length * BOLD_LETTER > WIDTH;
  return draw(
    "g",
    { class: kind },
    draw("line", { x1: place, x2: place, y1: TOP - 6, y2: HEIGHT - BOTTOM }),
    draw("text", { x: nearEnd ? place - 4 : place + 4, y: TOP - 10, "text-anchor": nearEnd ? "end" : "start" }, told),
    draw("title", {}, words),
  );
}

const POINTS = { incident: "window with an incident", watch: "watched window", alert: "alert" };

function legend(windows, marks, level) {
  const kinds = new Set(marks.map(({ kind }) => kind));
  const outcomes = new Set(windows.filter(({ value }) => typeof value === "number").map(({ outcome }) => outcome));
  return [
    ["line", "measured"],
    windows.some(({ low }) => typeof low === "number") && ["band", "interval"],
    windows.some(({ limit }) => typeof limit === "number") && ["limit", level],
    ...Object.keys(POINTS).map((outcome) => outcomes.has(outcome) && [`dot ${outcome}`, POINTS[outcome]]),
    windows.some(({ incident }) => incident) && ["in-incident", "time of an incident"],
    windows.some(({ quarantined }) => quarantined) && ["quarantined", "quarantined"],
    kinds.has("deployment") && ["deployment", "deployment"],
    kinds.has("rollback") && ["rollback", "rollback"],
  ].filter(Boolean);
}

function summary(title, windows, marks) {
  const measured = windows.filter(({ value }) => typeof value === "number");
  if (!measured.length) return `${title}: not measured yet.`;
  const last = measured.at(-1);
  const incidents = new Set(windows.map(({ incident }) => incident).filter(Boolean)).size;
  const limit = typeof last.limit === "number" ? `, accepted level ${number(last.limit)}` : "";
  return `${title}: ${measured.length} windows from ${day(measured[0].start)} on; newest ${number(last.value)}${limit}; ${incidents} incidents; ${marks.length} changes of version.`;
}

function numbers(title, windows) {
  const rows = windows.map((window) =>
    row(moment(window.start), number(window.value), `${number(window.low)} to ${number(window.high)}`, number(window.limit), window.version ?? "–", window.outcome ?? "–"),
  );
  return table(title, ["Window", "Value", "Interval", "Accepted", "Version", "Outcome"], rows.reverse());
}
