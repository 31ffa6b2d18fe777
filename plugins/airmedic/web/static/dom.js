/* Makes elements. Texts become text nodes and nothing else, so that hostile names and words show as what they are. */

const SVG = "http://www.w3.org/2000/svg";
const MOST_CHARACTERS = 600; // of a text before it has to be unfolded: about eight lines of a phone

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "href") element.setAttribute("href", safeAddress(value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, ...children);
  return element;
}

/** Make an HTML element: its tag, its attributes (`on` holds listeners), and its children. */
export function make(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
export function draw(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Add children to an element: nodes, texts, lists of them; what is null or false is left out. */
export function add(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replace everything in an element. */
export function show(element, ...children) {
  element.replaceChildren();
  add(element, ...children);
}

/** Return an address that a link may have: of this server or of the web; anything else, such as `javascript:`, is dropped. */
export function safeAddress(address) {
  try {
    const { protocol } = new URL(address, document.baseURI);
    return protocol === "http:" || protocol === "https:" ? String(address) : "#";
  } catch {
    return "#";
  }
}

/** A name or text of others, kept apart from the direction of the words around it; a long one unfolds. */
export function said(text, { most = MOST_CHARACTERS } = {}) {
  const whole = String(text ?? "").replace(/(\d) %/g, "$1\u00a0%"); // no line begins with a per cent sign
  if (whole.length <= most) return make("bdi", { class: "said" }, whole);
  const words = make("bdi", { class: "said" }, `${whole.slice(0, most)}…`);
  const button = make("button", { type: "button", class: "plain" }, `Show all ${whole.length.toLocaleString("en")} characters`);
  button.addEventListener("click", () => {
    words.textContent = whole;
    button.remove();
  });
  return make("span", {}, words, " ", button);
}

/** A name in a row of its own length: cut by the style sheet, whole where the mouse rests. */
export function named(text) {
  const whole = String(text ?? "");
  return make("bdi", { class: "named", title: whole.slice(0, MOST_CHARACTERS) }, whole.slice(0, MOST_CHARACTERS));
}

/** A table in a box of its own, which scrolls where the page is narrow. `columns` are words or elements. */
export function table(caption, columns, rows, attributes = {}) {
  const head = columns.map((column) => (column instanceof Node ? column : make("th", { scope: "col" }, column)));
  return make(
    "div",
    { class: "scroll", role: "region", "aria-label": caption, tabindex: "0" },
    make("table", attributes, make("caption", {}, caption), make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows)),
  );
}

/** A row of a table: the first cell names it. */
export function row(first, ...cells) {
  return make("tr", {}, make("th", { scope: "row" }, first), cells.map((cell) => make("td", {}, cell)));
}

/** A part of a page with a heading. */
export function section(title, ...children) {
  return make("section", {}, make("h3", {}, title), children);
}

/** A part that is folded until somebody wants it. */
export function folded(title, ...children) {
  return make("details", {}, make("summary", {}, title), children);
}

/** Facts in pairs: the word and what it is, and `wide` where that takes two columns. Pairs without a value are left out. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return make("dl", { class: "facts" }, known.map(([word, value, width]) => make("div", { class: width }, make("dt", {}, word), make("dd", {}, value))));
}

/** What has to be known, in rows: the word on the left, what it is on the right. Pairs without a value are left out. */
export function knowing(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return make("dl", { class: "knowing" }, known.map(([word, value]) => make("div", {}, make("dt", {}, word), make("dd", {}, value))));
}
