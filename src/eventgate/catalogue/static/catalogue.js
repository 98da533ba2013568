// What every page does: the token of this tab, the gate's health, search, copying, folding.
// Nothing is ever made of text but text: elements are created, and no string becomes markup.

export const root = new URL(document.body.dataset.root, location.href);
const KEY = `eventgate-token ${root.pathname}`;
const find = (id) => document.getElementById(id);

/** An element with attributes and children; a child that is a string becomes text. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The token of this tab, or null. It is kept nowhere else. */
export const token = () => sessionStorage.getItem(KEY);

/** What a token says of itself; nobody here can tell whether it is good. */
function claims(text) {
  try {
    const part = text.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (each) => each.charCodeAt(0))));
  } catch {
    return {};
  }
}

export function keep(text) {
  const clean = text.trim().replace(/^bearer\s+/i, "");
  if (clean) sessionStorage.setItem(KEY, clean);
  else sessionStorage.removeItem(KEY);
  showToken();
}

function showToken() {
  const held = token();
  const { sub, exp } = held ? claims(held) : {};
  const late = typeof exp === "number" && exp * 1000 < Date.now();
  const who = typeof sub === "string" ? sub : "a token";
  find("token-button").textContent = held ? (late ? "Token expired" : `As ${who.slice(0, 40)}`) : "Token";
  const until = typeof exp === "number" ? `, until ${new Date(exp * 1000).toLocaleString()}` : "";
  find("token-state").textContent = held ? `Held: ${who}${until}${late ? " (expired)" : ""}.` : "None is held.";
}

/** Open the token's dialog; `why` is shown in it. */
export function askForToken(why) {
  showToken();
  find("token-field").value = "";
  if (why) find("token-state").textContent = why;
  find("token-dialog").showModal();
  find("token-field").focus();
}

function startToken() {
  const dialog = find("token-dialog");
  find("token-button").addEventListener("click", () => askForToken());
  find("token-close").addEventListener("click", () => dialog.close());
  find("token-forget").addEventListener("click", () => { keep(""); dialog.close(); });
  find("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keep(find("token-field").value);
    dialog.close();
    document.dispatchEvent(new Event("eventgate-token"));
  });
  showToken();
}

/** Where the catalogue asks for a token: get the page again with it, and put it in place of this one. */
function startLocked() {
  const form = find("unlock");
  if (form === null) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep(find("unlock-field").value);
    unlock();
  });
  if (token()) unlock();
}

function unlock() {
  // XMLHttpRequest reads HTML into a document of its own, in which no script runs.
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.setRequestHeader("Accept", "text/html");
  request.setRequestHeader("Authorization", `Bearer ${token()}`);
  request.onerror = () => { find("unlock-state").textContent = "The gate gave no answer."; };
  request.onload = () => {
    const page = request.response;
    const refused = request.status === 401 ? page?.getElementById("unlock-state")?.textContent : null;
    if (!page?.querySelector("main") || request.status === 401) {
      keep("");
      find("unlock-state").textContent = refused || "This token is not accepted.";
      return;
    }
    document.title = page.title;
    for (const name of ["main", "footer"]) {
      document.querySelector(name).replaceWith(document.adoptNode(page.querySelector(name)));
    }
    startPage();
    for (const script of page.querySelectorAll("script[src]")) {
      import(new URL(script.getAttribute("src"), location.href).href);
    }
    showFragment();
  };
  request.send();
}

async function showHealth() {
  const link = find("health");
  const set = (word, style) => {
    link.className = `health ${style}`;
    link.querySelector(".state").textContent = word;
  };
  try {
    const answer = await fetch(new URL("health", root), { headers: { Accept: "application/json" } });
    const report = await answer.json();
    if (answer.ok) set(report.warnings.length ? "Well, with warnings" : "All well", report.warnings.length ? "warn" : "good");
    else set("Degraded", "bad");
    showDependencies(report);
  } catch {
    set("No answer", "bad");
  }
}

function showDependencies(report) {
  const list = find("dependencies");
  if (list === null || !report.dependencies) return;
  const pair = (name, said, style) => make("div", {}, make("dt", {}, name), make("dd", { class: style }, said));
  const rows = Object.entries(report.dependencies).map(([name, said]) => pair(name, said, said === "ok" ? "good" : "bad"));
  const warnings = report.warnings.map((text) => pair("warning", text, "warn"));
  list.replaceChildren(...rows, ...warnings);
  find("state").hidden = false;
}

function startSearch() {
  const field = find("search");
  if (field === null) return;
  const rows = [...document.querySelectorAll("#topics > li")];
  const total = find("count").textContent;
  const apply = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = rows.filter((row) => {
      row.hidden = !words.every((word) => row.dataset.search.includes(word));
      return !row.hidden;
    });
    find("count").textContent = words.length ? `${shown.length} of ${total}` : total;
    find("no-match").hidden = shown.length > 0 || rows.length === 0;
    const query = words.length ? `?q=${encodeURIComponent(field.value)}` : "";
    history.replaceState(null, "", `${location.pathname}${query}${location.hash}`);
  };
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", apply);
  if (field.value) apply();
}

function startPage() {
  startSearch();
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(find(button.dataset.copy).textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }
  for (const button of document.querySelectorAll("[data-fold]")) {
    button.addEventListener("click", () => {
      for (const part of document.querySelectorAll("#schema details")) part.open = button.dataset.fold === "open";
    });
  }
}

/** Open what hides the place that the address names. */
function showFragment() {
  const target = find(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  target.scrollIntoView();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, dialog");
  if (event.key === "/" && !typing && find("search")) {
    event.preventDefault();
    find("search").focus();
  }
});
addEventListener("hashchange", showFragment);
document.addEventListener("visibilitychange", () => { if (!document.hidden) showHealth(); });

startToken();
startPage();
startLocked();
showHealth();
if (location.hash) showFragment();
