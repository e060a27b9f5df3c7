// Moves rows of a tree without leaving the page: each move is the page's own form, sent with what the buttons would
// have sent, and the answer is the page as the server shows it then.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("tree-form");
  if (!form) return;
  const status = document.getElementById("tree-status");
  const filter = document.getElementById("tree-filter");
  const target = document.getElementById("tree-target");
  const rows = () => [...document.querySelectorAll("#tree > li")];
  const radio = (row) => row.querySelector("input[type=radio]");
  const levelOf = (row) => Number(row.dataset.level);
  let isBusy = false;

  function say(text, kind) {
    status.className = `tree-status ${kind}`;
    status.textContent = text;
  }

  // The filter: rows with the words in their name, and those that they stand under.

  function narrow() {
    const sought = filter.value.normalize("NFKC").toLowerCase().trim();
    let found = 0;
    const above = []; // the row of each level above the one at hand
    for (const row of rows()) {
      const level = levelOf(row);
      above.length = Math.min(above.length, level);
      above[level] = row;
      const name = row.textContent.normalize("NFKC").toLowerCase();
      const fits = !sought || name.includes(sought);
      row.hidden = !fits;
      row.classList.toggle("is-found", Boolean(sought) && fits);
      if (fits) {
        found += 1;
        for (const each of above) if (each) each.hidden = false;
      }
    }
    return sought ? found : null;
  }

  document.querySelector(".tree-filter").hidden = false;
  filter.addEventListener("input", () => {
    const found = narrow();
    say(found === null ? "" : form.dataset.found.replace("{count}", found), "");
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });

  if (!target) return; // may look only
  document.querySelector(".tree-help").hidden = false;
  if (window.django) django.jQuery(target).select2({ theme: "admin-autocomplete", width: "22rem" });

  // A move

  function take(fresh) {
    document.getElementById("tree").replaceWith(fresh.querySelector("#tree"));
    for (const name of ["change_token", "change_seen"]) form.elements[name].value = fresh.elements[name].value;
    const chosen = target.value;
    target.replaceChildren(...fresh.querySelector("#tree-target").children);
    target.value = chosen;
    if (window.django) django.jQuery(target).trigger("change.select2");
    const told = fresh.querySelector("#tree-status");
    say(told.textContent.trim(), told.className);
    prepare();
    narrow();
  }

  async function move(values) {
    if (isBusy) return;
    isBusy = true;
    form.setAttribute("aria-busy", "true");
    const onRow = document.activeElement.closest("#tree") !== null || values.row !== undefined;
    const data = new FormData(form);
    for (const [name, value] of Object.entries(values)) data.set(name, value);
    try {
      const response = await fetch(location.pathname, { method: "POST", body: data });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("tree-form");
      if (!response.ok || !fresh) throw new Error(`${response.status}`);
      take(fresh);
      const chosen = document.querySelector("#tree input:checked");
      if (chosen) {
        chosen.closest("li").hidden = false;
        chosen.closest("li").scrollIntoView({ block: "nearest" });
        if (onRow) chosen.focus({ preventScroll: true });
      }
    } catch {
      say(form.dataset.failed, "error");
    } finally {
      isBusy = false;
      form.removeAttribute("aria-busy");
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter && event.submitter.value) move({ move: event.submitter.value });
  });

  // Keyboard: the arrow keys choose a row, as they do in every group of radio buttons; with Alt they move it.

  const KEYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "out", ArrowRight: "in" };
  form.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || !(event.key in KEYS)) return;
    const row = event.target.closest("#tree > li");
    if (!row) return;
    event.preventDefault();
    move({ move: KEYS[event.key], row: radio(row).value });
  });

  // Mouse: in the upper quarter of a row before it, in the lower one after it, between the two under it.

  let dragged = null;
  let place = null; // where a drop would put it: {row, position}

  function show(next) {
    if (place) place.row.classList.remove("drop-before", "drop-after", "drop-under");
    place = next;
    if (!place) return;
    const kind = { left: "before", right: "after", "first-child": "after", "last-child": "under" }[place.position];
    place.row.classList.add(`drop-${kind}`);
  }

  function placeAt(event) {
    const row = event.target.closest("#tree > li");
    if (!row || row === dragged) return null;
    const box = row.getBoundingClientRect();
    const height = (event.clientY - box.top) / box.height;
    if (height < 0.25) return { row, position: "left" };
    if (height <= 0.75) return { row, position: "last-child" };
    // What stands right after a row that has others under it is the first of those.
    const next = row.nextElementSibling;
    return { row, position: next && levelOf(next) > levelOf(row) ? "first-child" : "right" };
  }

  function prepare() {
    for (const row of rows()) {
      if (!radio(row)) continue;
      row.draggable = true;
      row.querySelector("a").draggable = false; // else the link would be dragged
    }
  }

  prepare();
  const chosen = document.querySelector("#tree input:checked");
  if (chosen) chosen.focus();
  form.addEventListener("click", (event) => {
    const row = event.target.closest("#tree > li");
    if (row && radio(row) && !event.target.closest("a, label")) radio(row).click();
  });
  form.addEventListener("dragstart", (event) => {
    dragged = event.target.closest ? event.target.closest("#tree > li") : null;
    if (!dragged || !radio(dragged)) return;
    radio(dragged).checked = true;
    dragged.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.id);
  });
  form.addEventListener("dragover", (event) => {
    if (!dragged) return;
    const next = placeAt(event);
    if (next) event.preventDefault(); // a drop is welcome here
    if (!next || !place || next.row !== place.row || next.position !== place.position) show(next);
  });
  form.addEventListener("drop", (event) => {
    if (!dragged || !place) return;
    event.preventDefault();
    move({
      move: "to",
      row: radio(dragged).value,
      target: radio(place.row).value,
      position: place.position,
    });
  });
  form.addEventListener("dragend", () => {
    if (dragged) dragged.classList.remove("is-dragged");
    show(null);
    dragged = null;
  });
});
