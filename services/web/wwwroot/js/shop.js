// What pages do better with a script; all of them work without.
"use strict";

document.documentElement.classList.add("js");

// So long a form is on its way at most; after that, whoever has stopped the browser can send it again.
const patience = 10_000;

function sendable() {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

// A form is sent once, however often its button is clicked.
document.addEventListener("submit", event => {
  const form = event.target;
  if (!form.hasAttribute("data-once")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(sendable, patience);
});

// Back again: forms can be sent anew.
window.addEventListener("pageshow", sendable);

// Filters and quantities apply as they change.
document.addEventListener("change", event => {
  const button = event.target.dataset.submit && document.getElementById(event.target.dataset.submit);
  if (button) button.form.requestSubmit(button);
  else if (event.target.form?.hasAttribute("data-auto-submit") && event.target.form.reportValidity()) event.target.form.requestSubmit();
});

// Empty filters stay out of the address.
document.addEventListener("formdata", event => {
  if (event.target.method !== "get") return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});

// An order that moves is asked for again until it rests.
async function poll() {
  const live = document.getElementById("live");
  const pause = Number(live?.dataset.poll);
  if (!pause) return;
  await new Promise(resolve => setTimeout(resolve, pause));
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const next = page.getElementById("live");
      if (next && next.innerHTML !== live.innerHTML) {
        live.replaceChildren(...next.childNodes);
        for (const part of [".actions", ".basket-link"]) document.querySelector(part)?.replaceWith(page.querySelector(part) ?? "");
      }
      if (next) live.dataset.poll = next.dataset.poll;
    }
  } catch {
    // Offline for a moment: the next turn asks again.
  }
  poll();
}
document.addEventListener("DOMContentLoaded", poll);
