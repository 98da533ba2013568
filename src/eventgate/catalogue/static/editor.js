// The editor of a topic's page: asks the gate what it thinks of an event, marks what it says, and sends.

import { askForToken, make, root, token } from "./catalogue.js";
import { place, places, position } from "./locate.js";

const section = document.getElementById("try");
const field = document.getElementById("event");
const marks = document.getElementById("marks");
const lines = document.getElementById("lines");
const verdict = document.getElementById("verdict");
const address = new URL(`topics/${encodeURIComponent(section.dataset.topic)}`, root);
let waiting = null;

/** Draw line numbers and the marked ranges; `ranges` are {start, end} in order of their problems. */
function draw(ranges = []) {
  const text = field.value;
  const bad = new Set(ranges.map(({ start }) => position(text, start).line));
  const count = text.split("\n").length;
  lines.replaceChildren(...Array.from({ length: count }, (_, index) =>
    make("span", bad.has(index + 1) ? { class: "bad" } : {}, String(index + 1))));
  const parts = [];
  let at = 0;
  for (const { start, end } of [...ranges].sort((one, other) => one.start - other.start)) {
    if (start < at) continue;
    parts.push(text.slice(at, start), make("mark", {}, text.slice(start, end)));
    at = end;
  }
  marks.replaceChildren(...parts, `${text.slice(at)}\n`);
  follow();
}

function follow() {
  marks.scrollTop = field.scrollTop;
  marks.scrollLeft = field.scrollLeft;
  lines.scrollTop = field.scrollTop;
}

/** What the gate answered to a POST of the text; null where it could not be asked. */
async function ask(path, headers = {}) {
  verdict.replaceChildren(make("p", { class: "note" }, "Asking the gate…"));
  try {
    const answer = await fetch(new URL(path, `${address.href}/`).href.replace(/\/$/, ""), {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token()}`, ...headers },
      body: field.value,
    });
    return await answer.json();
  } catch {
    verdict.replaceChildren(make("p", { class: "bad" }, "The gate gave no answer. Try again in a moment."));
    return null;
  }
}

function show(answer) {
  const { found, fault } = places(field.value);
  const locate = (error) => {
    if (typeof error.pointer === "string") return place(found, error.pointer);
    return error.type === "json" && fault !== null ? { start: fault, end: fault + 1 } : null;
  };
  const problem = (answer.errors ?? []).map((error) => ({ error, range: locate(error) }));
  problem.sort((one, other) => (one.range?.start ?? 0) - (other.range?.start ?? 0));
  const errors = problem.map(({ error }) => error);
  const located = problem.map(({ range }) => range);
  draw(located.filter((range) => range !== null));
  field.setAttribute("aria-invalid", String(errors.length > 0));
  verdict.replaceChildren(
    heading(answer),
    ...(errors.length ? [problems(errors, located)] : []),
    ...(answer.truncated ? [make("p", { class: "note" }, "There may be more; mend these first.")] : []),
    ...(answer.writers ? [outcomes(answer.writers)] : []),
    ...receipt(answer),
  );
}

function heading(answer) {
  if (answer.valid) return make("p", { class: "good" }, "Valid: this event would be taken.");
  if (answer.success) return make("p", { class: "good" }, "Accepted. Event id ", make("code", {}, answer.event_id), ".");
  const count = answer.errors?.length ?? 0;
  const said = answer.statusCode === 400 && count ? `${count} ${count === 1 ? "problem" : "problems"}` : "Not accepted";
  return make("p", { class: "bad" }, `${said} (${answer.statusCode}).`);
}

function problems(errors, located) {
  return make("ol", { class: "problems" }, ...errors.map((error, index) => {
    const range = located[index];
    const message = make("span", { class: "message" }, error.message);
    if (range === null) {
      const reason = error.reason ? make("code", {}, error.reason) : null;
      return make("li", {}, make("span", { class: "where" }, error.type, " ", reason), message);
    }
    const { line, column } = position(field.value, range.start);
    const button = make("button", { type: "button", class: "where" }, `Line ${line}, column ${column}`);
    button.addEventListener("click", () => {
      field.focus();
      field.setSelectionRange(range.start, range.end);
      field.scrollTop = Math.max(0, (line - 4) * lineHeight());
    });
    return make("li", {}, button, make("code", { class: "pointer" }, error.pointer || "/"), message);
  }));
}

const lineHeight = () => Number.parseFloat(getComputedStyle(field).lineHeight);

function outcomes(writers) {
  const rows = Object.entries(writers).map(([name, { outcome, reason, pointer, ...where }]) => {
    const told = Object.entries(where).map(([key, value]) => `${key} ${value}`);
    const good = ["delivered", "duplicate", "deferred"].includes(outcome);
    return make("tr", {},
      make("th", { scope: "row" }, name),
      make("td", { class: good ? "good" : outcome === "skipped" ? "" : "bad" }, outcome),
      make("td", {}, [...told, reason, pointer].filter(Boolean).join(", ")));
  });
  const head = make("tr", {}, ...["Writer", "Outcome", "Where or why"].map((text) => make("th", { scope: "col" }, text)));
  return make("table", {}, make("caption", { class: "unseen" }, "What each writer said"),
    make("thead", {}, head), make("tbody", {}, ...rows));
}

function receipt(answer) {
  if (!answer.receipt) return [];
  const text = make("code", { class: "receipt", id: "receipt" }, answer.receipt);
  const parts = [make("details", {}, make("summary", {}, "Receipt"),
    make("p", { class: "note" }, "Sent back as EventGate-Receipt with the same bytes, it reaches only the writers that still lack the event."),
    text)];
  if (!answer.success) {
    const again = make("button", { type: "button" }, "Send again with the receipt");
    again.addEventListener("click", () => send({ "EventGate-Receipt": answer.receipt }));
    parts.push(again);
  }
  return parts;
}

async function act(path, headers) {
  const again = () => act(path, headers);
  if (!token()) {
    waiting = again;
    askForToken("Checking and sending need a token that this gate accepts.");
    return;
  }
  const answer = await ask(path, headers);
  if (answer !== null) show(answer);
}

const check = () => act("validate", {});
const send = (headers = {}) => act("", headers);

document.getElementById("check").addEventListener("click", check);
document.getElementById("send").addEventListener("click", () => send());
document.getElementById("format").addEventListener("click", () => {
  try {
    // Through JSON.parse numbers would lose digits; white space alone is laid anew.
    field.value = laidOut(field.value);
    draw();
  } catch {
    verdict.replaceChildren(make("p", { class: "bad" }, "This is not JSON yet: check it to see where."));
  }
});
field.addEventListener("input", () => draw());
field.addEventListener("scroll", follow);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    check();
  }
});
document.addEventListener("eventgate-token", () => {
  const then = waiting;
  waiting = null;
  if (then && token()) then();
});
draw();

/** `text` with two spaces a level. Every token stays as it was written. */
function laidOut(text) {
  JSON.parse(text);
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g);
  let out = "";
  let depth = 0;
  tokens.forEach((each, index) => {
    const next = tokens[index + 1];
    const line = () => `\n${"  ".repeat(depth)}`;
    if (each === "{" || each === "[") {
      depth += 1;
      out += each + (next === "}" || next === "]" ? "" : line());
    } else if (each === "}" || each === "]") {
      depth -= 1;
      out += (["{", "["].includes(tokens[index - 1]) ? "" : line()) + each;
    } else if (each === ",") out += `,${line()}`;
    else out += each === ":" ? ": " : each;
  });
  return out;
}
