// The console of a development gate. Whatever arrives is shown as text: no string becomes markup.

const MOST = 500;
const find = (id) => document.getElementById(id);
const list = find("arrivals");

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** What became of it, in a line. */
function told({ problems, writers, items, checked, status }) {
  const counts = Object.entries(items).map(([each, count]) => `${count} × ${each}`);
  if (counts.length) return `batch: ${counts.join(", ")}`;
  if (problems.length) {
    const { pointer, message } = problems[0];
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    return `${pointer ? `${pointer}: ` : ""}${message}${more}`;
  }
  const outcomes = Object.entries(writers).map(([name, { outcome }]) => `${name} ${outcome}`);
  if (outcomes.length) return outcomes.join(", ");
  return checked && status === 200 ? "checked: valid" : "";
}

/** The payload, laid out where it is JSON whose numbers this browser keeps. */
function laidOut(text) {
  if (/[0-9.eE+-]{16}/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function inside(arrival) {
  const { problems, writers, payload, bytes, event_id: id, milliseconds } = arrival;
  const reasons = problems.map(({ type, reason, pointer, message }) => make("li", {},
    make("code", {}, [reason ?? type, pointer].filter(Boolean).join(" ")), " ", message));
  const outcomes = Object.entries(writers).map(([name, { outcome, reason }]) =>
    make("li", {}, `${name}: ${outcome}${reason ? `, ${reason}` : ""}`));
  const cut = payload !== null && bytes > new TextEncoder().encode(payload).length;
  return make("div", { class: "inside" },
    make("p", { class: "note" }, `${milliseconds} ms`, id ? `, event id ${id}` : ""),
    reasons.length ? make("ul", {}, ...reasons) : null,
    outcomes.length ? make("ul", {}, ...outcomes) : null,
    payload === null ? make("p", { class: "note" }, "Its body was not read.") : make("pre", { tabindex: "0" }, laidOut(payload)),
    cut ? make("p", { class: "note" }, `The beginning of ${bytes} bytes.`) : null);
}

function show(arrival) {
  const good = arrival.status < 300 && !Object.keys(arrival.items).some((status) => Number(status) >= 300);
  const time = new Date(arrival.at * 1000);
  const summary = make("summary", {},
    make("time", { datetime: time.toISOString() }, time.toLocaleTimeString()),
    make("span", { class: `status ${good ? "good" : "bad"}` }, String(arrival.status)),
    make("span", {}, arrival.topic ?? "(no topic)"),
    make("span", {}, arrival.subject ?? "(nobody)"),
    make("span", {}, told(arrival)));
  const details = make("details", {}, summary);
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(inside(arrival));
  });
  const row = make("li", { class: good ? "accepted" : "refused" }, details);
  list.prepend(row);
  while (list.children.length > MOST) list.lastElementChild.remove();
  filter();
}

function filter() {
  const only = find("refused-only").checked;
  for (const row of list.children) row.hidden = only && !row.classList.contains("refused");
  find("none").hidden = list.children.length > 0;
}

async function ask(path, options = {}) {
  const answer = await fetch(path, options);
  const text = await answer.text();
  if (answer.ok) return text;
  let why = text;
  try { why = JSON.parse(text).message; } catch { /* a line of text already */ }
  throw new Error(why);
}

async function about() {
  try {
    const { gate, topics } = JSON.parse(await ask("/about"));
    const names = [...new Set(Object.values(topics).flat())].sort();
    find("subjects").replaceChildren(...names.map((name) => make("option", { value: name })));
    if (gate) {
      find("gate").href = `${gate}/`;
      find("gate").hidden = false;
    }
    if (!find("subject").value && names.length) [find("subject").value] = names;
  } catch (failure) {
    find("sent").textContent = failure.message;
  }
}

find("sample").addEventListener("click", async () => {
  find("sample").disabled = true;
  find("sent").textContent = "Sending…";
  try {
    const { sent } = JSON.parse(await ask("/sample", { method: "POST" }));
    find("sent").textContent = sent ? `${sent} sent.` : "No topic has an event and a subject who may send it.";
  } catch (failure) {
    find("sent").textContent = failure.message;
  }
  find("sample").disabled = false;
});

find("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  find("issued").hidden = false;
  try {
    find("token").value = (await ask(`/token?sub=${encodeURIComponent(find("subject").value)}`)).trim();
    find("token").select();
  } catch (failure) {
    find("token").value = failure.message;
  }
});

find("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(find("token").value);
  find("copy").textContent = "Copied";
});

find("clear").addEventListener("click", () => { list.replaceChildren(); filter(); });
find("refused-only").addEventListener("change", filter);

const stream = new EventSource("/stream");
stream.addEventListener("open", () => { find("line").textContent = "Live."; about(); });
stream.addEventListener("error", () => { find("line").textContent = "The gate is not there; waiting for it."; });
stream.addEventListener("message", ({ data }) => show(JSON.parse(data)));
