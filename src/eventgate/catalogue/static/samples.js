// The examples and programs of a topic's page: the gate's own address is put in, and an example goes into the editor.

import { root } from "./catalogue.js";

// An apostrophe may stand in an address as it is, and would end a word in a shell.
const gate = root.href.replace(/\/$/, "").replaceAll("'", "%27");
for (const place of document.querySelectorAll("#programs .gate")) place.textContent = gate;

for (const button of document.querySelectorAll("[data-edit]")) {
  button.addEventListener("click", () => {
    const field = document.getElementById("event");
    field.value = document.getElementById(button.dataset.edit).textContent;
    field.dispatchEvent(new Event("input"));
    field.focus();
    field.scrollIntoView({ block: "nearest" });
  });
}
