/* The frame around the views: navigation, colours, loading, errors. */

import { Refusal } from "./api.js";
import { make, show } from "./dom.js";
import { place, to } from "./routes.js";
import { approvalsView } from "./views/approvals.js";
import { columnView } from "./views/column.js";
import { fleetView } from "./views/fleet.js";
import { incidentView } from "./views/incident.js";
import { learningView } from "./views/learning.js";
import { modelView } from "./views/model.js";
import { policyView } from "./views/policy.js";
import { startView } from "./views/start.js";

const VIEWS = { fleet: fleetView, model: modelView, column: columnView, incident: incidentView, approvals: approvalsView, policy: policyView, learning: learningView, start: startView };
const REFRESH_SECONDS = 60; // a batch or an answer shows without a reload; a batch is rarely more frequent

/** Run the page in an element; returns what ends it. */
export function startApp(host) {
  const main = make("main", { "aria-live": "off" });
  const links = [
    ["fleet", "Fleet", to.fleet()],
    ["approvals", "Approvals", to.approvals()],
  ].map(([view, word, address]) => make("a", { href: address, "data-view": view }, word));
  const refresh = make("button", { type: "button", on: { click: () => open({ quietly: true }) } }, "Refresh");
  const bar = make("header", { class: "bar" }, make("h1", {}, "Model health"), make("nav", { "aria-label": "Model health" }, links), refresh);
  const sheet = make("link", { rel: "stylesheet" });
  sheet.setAttribute("href", new URL("./model-health.css", import.meta.url).href);
  const page = make("div", { class: "page", hidden: true }, bar, main);
  sheet.addEventListener("load", () => page.removeAttribute("hidden"));
  host.shadowRoot.replaceChildren(sheet, page);

  let loading = new AbortController();
  let isUnfolded = false; // by a person, who is reading there
  main.addEventListener("click", ({ target }) => {
    if (target.closest("summary")) isUnfolded = true;
  });

  async function open({ quietly = false } = {}) {
    loading.abort();
    loading = new AbortController();
    const { signal } = loading;
    isUnfolded = false;
    const { view, names, query } = place(location.hash);
    for (const link of links) {
      if (link.dataset.view === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (!quietly) show(main, make("p", { class: "quiet", role: "status" }, "Loading …"));
    let content;
    try {
      content = await VIEWS[view]({ names, query, signal, reload: () => open({ quietly: true }) });
    } catch (error) {
      if (error.name === "AbortError") return;
      content = fault(error, () => open());
    }
    if (signal.aborted) return;
    show(main, content);
    if (!quietly) arrive(main, host);
  }

  const isBusy = () => isUnfolded || host.shadowRoot.activeElement?.matches("input, textarea, select") || host.shadowRoot.querySelector("form[data-touched]");
  const timer = setInterval(() => {
    if (!document.hidden && !isBusy()) open({ quietly: true });
  }, REFRESH_SECONDS * 1000);
  const changed = () => open();
  addEventListener("hashchange", changed);
  const stopColours = followColours(host);
  open();
  return () => {
    loading.abort();
    clearInterval(timer);
    removeEventListener("hashchange", changed);
    stopColours();
  };
}

/* A reader of screens, and whoever has scrolled, begins at the top of the new view. */
function arrive(main, host) {
  host.scrollTop = 0;
  const heading = main.querySelector("h2");
  if (!heading) return;
  document.title = `${heading.textContent.slice(0, 80)} · Model health`;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function fault(error, again) {
  if (!(error instanceof Refusal)) console.error(error);
  const words = error instanceof Refusal ? error.message : "The page has an error of its own; the browser's console tells which. Please report it.";
  const title = error.status === 404 ? "This is not here" : error.status === 403 ? "You may not see this" : "This could not be shown";
  return [make("h2", {}, title), make("p", { class: "problem", role: "alert" }, words), make("button", { type: "button", on: { click: again } }, "Try again")];
}

/* Airflow writes its colour mode on the root element; without it the system's counts. */
function followColours(host) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const mode = root.classList.contains("dark") || root.dataset.theme === "dark" ? "dark" : root.classList.contains("light") || root.dataset.theme === "light" ? "light" : "";
    host.dataset.mode = mode || (system.matches ? "dark" : "light");
  };
  const observer = new MutationObserver(follow);
  observer.observe(root, { attributes: true, attributeFilter: ["class", "data-theme"] });
  system.addEventListener("change", follow);
  follow();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", follow);
  };
}
