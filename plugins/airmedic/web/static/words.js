/* Times, numbers and states as people read them. */

import { make } from "./dom.js";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const STATES = {
  incident: "Incident",
  broken_spec: "Broken spec",
  watch: "Watching",
  silent: "Silent",
  unchecked: "Not looked at",
  healthy: "Healthy",
};
/* The order is that of the fleet: what needs somebody comes first. */

export const STATE_MEANS = {
  incident: "An incident is open.",
  broken_spec: "Its spec cannot be read, so that nothing watches it.",
  watch: "Something is unusual, and the next batch will tell.",
  silent: "No batch was looked at for longer than its schedule says.",
  unchecked: "No batch was looked at yet.",
  healthy: "Its newest batch was healthy.",
};

const INCIDENT_STATES = {
  open: "open",
  diagnosed: "diagnosed",
  awaiting_approval: "waits for an approval",
  acting: "is being healed",
  verifying: "is being verified",
  resolved: "resolved",
  rejected: "rejected by a person",
  undone: "the remedy was undone",
  escalated: "handed to people",
};

/** The state of an incident in words. */
export function incidentState(state) {
  return INCIDENT_STATES[state] ?? plain(state);
}

const METRICS = {
  roc_auc: "AUC",
  pr_auc: "area under precision and recall",
  average_precision: "average precision",
  log_loss: "log loss",
  rmse: "RMSE",
  mae: "MAE",
  mape: "MAPE",
  r2: "R²",
  f1: "F1",
};

/** The name of a metric as people write it. */
export function metricName(key) {
  return METRICS[key] ?? plain(key);
}

/** An action without the word that leads on to the model's name: `Deploy a new version of` that model. */
export function actionName(words) {
  return capital(String(words ?? "").replace(/ (of|for|at|behind)$/, ""));
}

/** What an incident is called: its cause, unless a person has asked for it while all was well. */
export function incidentName(words) {
  return words === "healthy" ? "Asked for by a person" : capital(words) || "Incident";
}

/** A key such as `harmful_covariate_shift` as words. */
export function plain(key) {
  return String(key ?? "").replaceAll("_", " ");
}

/** The same with a capital. */
export function capital(key) {
  const words = plain(key);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A number with as many digits as one reads: three of a fraction, all of a count. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return value.toLocaleString("en", { maximumSignificantDigits: Math.abs(value) >= 1 ? 4 : 3 });
}

/** A difference, with its sign. */
export function signed(value) {
  if (value === null || value === undefined) return "–";
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${number(Math.abs(value))}`;
}

/** A share as per cent. */
export function percent(fraction) {
  if (fraction === null || fraction === undefined) return "–";
  return `${(fraction * 100).toLocaleString("en", { maximumSignificantDigits: fraction >= 0.0995 ? 3 : 2 })} %`;
}

/** A length of time: `40 s`, `5 min`, `3 h`, `12 days`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.max(0, Math.round(seconds * 10) / 10).toLocaleString("en", { maximumFractionDigits: seconds < 10 ? 1 : 0 })} s`;
  if (seconds < 90 * MINUTE) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < 48 * HOUR) return `${Math.round(seconds / HOUR)} h`;
  return `${Math.round(seconds / DAY)} days`;
}

function secondsSince(time) {
  return (Date.now() - new Date(time).getTime()) / 1000;
}

/** How long ago, or how soon. */
export function age(time) {
  if (!time) return "–";
  const seconds = secondsSince(time);
  if (Math.abs(seconds) < 5) return "now";
  return seconds >= 0 ? `${duration(seconds)} ago` : `in ${duration(-seconds)}`;
}

/** How long something has lasted. */
export function waited(time) {
  return duration(secondsSince(time));
}

const DATE = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" };

/** A moment in words, in UTC as everywhere in Airmedic. */
export function moment(time) {
  if (!time) return "–";
  const date = new Date(time);
  return `${date.toLocaleDateString("en-GB", DATE)}, ${date.toLocaleTimeString("en-GB", CLOCK)} UTC`;
}

/** A day without the clock, or with it where it is not midnight. */
export function day(time) {
  if (!time) return "–";
  const date = new Date(time);
  const midnight = date.getUTCHours() === 0 && date.getUTCMinutes() === 0;
  return midnight ? date.toLocaleDateString("en-GB", DATE) : moment(time);
}

/** A moment as an element, with its age where the mouse rests, or the other way round. */
export function when(time, { asAge = false, asDay = false } = {}) {
  if (!time) return "–";
  return make("time", { datetime: time, title: asAge || asDay ? moment(time) : age(time) }, asAge ? age(time) : asDay ? new Date(time).toLocaleDateString("en-GB", DATE) : moment(time));
}

/** The rows of a window: `1 Feb 2026 to 2 Feb 2026`. */
export function span(start, end) {
  return start === end || !end ? day(start) : `${day(start)} to ${day(end)}`;
}
