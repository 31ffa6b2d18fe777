/* What Airflow loads. It wants a React component; ours holds one element, which does the rest without React: the host
   shares its own libraries with plugins, and they change from one version to the next. */

import { startApp } from "./app.js";

const ELEMENT = "airmedic-health";

class ModelHealth extends HTMLElement {
  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    this.stop = startApp(this);
  }

  disconnectedCallback() {
    this.stop();
  }
}

if (!customElements.get(ELEMENT)) customElements.define(ELEMENT, ModelHealth);

globalThis.AirflowPlugin = function AirmedicModelHealth() {
  return globalThis.React.createElement(ELEMENT);
};
