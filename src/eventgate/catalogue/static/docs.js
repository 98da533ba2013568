// The page at /docs: the gate's description, with examples and this tab's token, in the viewer.

import { askForToken, root, token } from "./catalogue.js";

const MOST_EXAMPLES = 60;
const state = document.getElementById("docs-state");
const dark = matchMedia("(prefers-color-scheme: dark)");
const useTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

const authorization = () => (token() ? { Authorization: `Bearer ${token()}` } : {});

/** The description: as an object, or null where it is YAML, which the viewer reads itself. */
async function description() {
  const answer = await fetch(new URL("api", root), { headers: authorization() });
  if (!answer.ok) throw new Error(answer.status === 401 ? "token" : `The gate answered ${answer.status}.`);
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What the topics' bodies begin with: the gate's own examples, as far as JavaScript keeps their numbers. */
async function addExamples(spec) {
  const paths = Object.keys(spec.paths).filter((path) => path.endsWith("/example")).slice(0, MOST_EXAMPLES);
  await Promise.all(paths.map(async (path) => {
    const answer = await fetch(new URL(path.slice(1), root), { headers: authorization() });
    if (!answer.ok) return;
    const example = JSON.parse(await answer.text());
    const topic = path.slice(0, -"/example".length);
    for (const operation of [spec.paths[topic]?.post, spec.paths[`${topic}/validate`]?.post]) {
      const content = operation?.requestBody?.content ?? {};
      if (content["application/json"]) content["application/json"].example = example;
      if (content["application/x-ndjson"]) content["application/x-ndjson"].example = `${JSON.stringify(example)}\n`;
      if (content["application/cloudevents+json"]) {
        content["application/cloudevents+json"].example =
          { specversion: "1.0", id: "example-1", source: "/docs", type: "example", data: example };
      }
    }
  }));
}

/** Every topic is a chapter of its own, after what belongs to the gate. */
function addChapters(spec) {
  for (const [path, operations] of Object.entries(spec.paths)) {
    const [, first, name] = path.split("/");
    const chapter = first === "topics" && name ? decodeURIComponent(name) : "The gate";
    delete operations.head;
    for (const operation of Object.values(operations)) operation.tags = [chapter];
  }
}

async function show() {
  try {
    const spec = await description();
    if (spec !== null && spec.paths) {
      addChapters(spec);
      await addExamples(spec);
      spec.servers = [{ url: root.href.replace(/\/$/, "") }];
    }
    draw(spec);
    state.hidden = true;
  } catch (failure) {
    const wanted = failure.message === "token";
    state.hidden = false;
    state.textContent = wanted ? "This description asks for a token." : `The description cannot be read. ${failure.message}`;
    if (wanted) askForToken("The description of this gate asks for a token that it accepts.");
  }
}

function draw(spec) {
  const ui = SwaggerUIBundle({
    ...(spec === null ? { url: new URL("api", root).href } : { spec }),
    domNode: document.getElementById("docs"),
    deepLinking: false,
    defaultModelsExpandDepth: -1,
    syntaxHighlight: { activated: false },
    docExpansion: spec !== null && Object.keys(spec.paths ?? {}).length > 40 ? "none" : "list",
    tryItOutEnabled: true,
    validatorUrl: null,
    onComplete: () => authorize(ui),
    requestInterceptor: (request) => {
      const isOurs = new URL(request.url, location.href).href.startsWith(root.href);
      if (isOurs && token() && !request.headers.Authorization) request.headers.Authorization = `Bearer ${token()}`;
      return request;
    },
  });
  document.addEventListener("eventgate-token", () => authorize(ui));
}

// What the viewer leaves to be wished for by those who do not see it, or have no mouse.
const MENDS = {
  "main#operations": { role: "region", "aria-label": "Operations" },
  "h3.opblock-tag": { "aria-level": "2" },
  h4: { "aria-level": "3" },
  h5: { "aria-level": "4" },
  "textarea.body-param__text": { "aria-label": "Body" },
  "select#servers": { "aria-label": "Server" },
  "pre.microlight, .highlight-code > pre, .opblock-body pre": { tabindex: "0" },
};

function mend() {
  for (const [selector, attributes] of Object.entries(MENDS)) {
    for (const element of document.querySelectorAll(`#docs :is(${selector})`)) {
      for (const [name, value] of Object.entries(attributes)) {
        if (element.getAttribute(name) !== value) element.setAttribute(name, value);
      }
    }
  }
}

new MutationObserver(mend).observe(document.getElementById("docs"), { childList: true, subtree: true });

function authorize(ui) {
  if (token()) ui.preauthorizeApiKey("bearer", token());
}

useTheme();
dark.addEventListener("change", useTheme);
document.addEventListener("eventgate-token", () => {
  if (!state.hidden && token()) show();
});
show();
