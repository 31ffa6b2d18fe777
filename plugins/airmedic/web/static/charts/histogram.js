/* How a column was distributed when its version was accepted, and how it is now. */

import { draw, row, table } from "../dom.js";
import { number, percent } from "../words.js";
import { figure, picture, scale } from "./svg.js";

const WIDTH = 480;
const HEIGHT = 200;
const BOTTOM = 34;
const MOST_LABEL = 14; // characters below a bar

/** Make the histogram of two distributions on the same bins, one of which may be missing. */
export function histogram(title, reference, current) {
  const bins = aligned(reference?.bins ?? [], current?.bins ?? []);
  const highest = Math.max(...bins.flatMap(({ then, now }) => [then ?? 0, now ?? 0]), 1e-9);
  const y = scale(0, highest, HEIGHT - BOTTOM, 8);
  const width = WIDTH / Math.max(bins.length, 1);
  const step = Math.max(1, Math.ceil(bins.length / 6));
  const bar = (kind, fraction, left, words) =>
    typeof fraction === "number"
      ? draw("rect", { class: kind, x: left, y: y(fraction), width: Math.max(width * 0.42, 1), height: HEIGHT - BOTTOM - y(fraction) }, draw("title", {}, words))
      : null;
  const image = picture(WIDTH, HEIGHT, summary(title, bins), "histogram", [
    bins.map(({ label, then, now }, index) => {
      const left = index * width + width * 0.06;
      return [
        bar("then", then, left, `${label}: then ${percent(then)}`),
        bar("now", now, left + width * 0.44, `${label}: now ${percent(now)}`),
        index % step === 0 ? draw("text", { x: left + width * 0.4, y: HEIGHT - 12, "text-anchor": "middle" }, label.slice(0, MOST_LABEL)) : null,
      ];
    }),
    draw("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }),
  ]);
  const rows = () => bins.map(({ label, then, now }) => row(label, percent(then), percent(now)));
  return figure(title, image, [["then", "then, when the version was accepted"], ["now", "now, in the newest window"]], () => table(title, ["Values", "Then", "Now"], rows()));
}

/* Both have the same bins. Those of numbers are told apart by their place: two close ones may read the same. */
function aligned(reference, current) {
  const known = new Map();
  const put = (bins, key) => {
    for (const [index, bin] of bins.entries()) {
      const place = bin.label ?? index;
      known.set(place, { label: labelOf(bin), ...known.get(place), [key]: bin.fraction });
    }
  };
  put(reference, "then");
  put(current, "now");
  return [...known.values()];
}

function labelOf(bin) {
  if (bin.label !== undefined && bin.label !== null) return String(bin.label);
  if (bin.from === null || bin.from === undefined) return `below ${number(bin.to)}`;
  if (bin.to === null || bin.to === undefined) return `${number(bin.from)} and more`;
  return `${number(bin.from)} to ${number(bin.to)}`;
}

function summary(title, bins) {
  let most = null;
  for (const bin of bins) {
    const change = (bin.now ?? 0) - (bin.then ?? 0);
    if (!most || Math.abs(change) > Math.abs(most.change)) most = { ...bin, change };
  }
  if (!most) return `${title}: nothing is known.`;
  return `${title}: ${bins.length} groups of values; the share of ${most.label.slice(0, 60)} has changed most, from ${percent(most.then ?? 0)} to ${percent(most.now ?? 0)}.`;
}
