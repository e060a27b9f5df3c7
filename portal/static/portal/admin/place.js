// A body's page: rows of roles, members and relations go up and down, and a name being typed shows its lines in the chart.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const words = document.getElementById("breaks");
  if (!words) return;

  // Order: the rows change places on the page, and the numbers that they hold are dealt out anew in that order.

  const rowsOf = (group) => [...group.querySelectorAll(".inline-related:not(.empty-form)")];
  const orderOf = (row) => row.querySelector("input[name$=-sort_order]");

  function deal(group) {
    const rows = rowsOf(group);
    const held = rows.map((row) => Number(orderOf(row).value)).sort((a, b) => a - b);
    let last = 0;
    rows.forEach((row, place) => {
      last = Math.max(held[place], last + 1);
      orderOf(row).value = last;
    });
  }

  function step(row, by) {
    const rows = rowsOf(row.closest(".inline-group"));
    const other = rows[rows.indexOf(row) + by];
    if (!other) return null;
    if (by < 0) other.before(row);
    else other.after(row);
    deal(row.closest(".inline-group"));
    return row;
  }

  function equip(row) {
    if (!orderOf(row) || row.querySelector(".row-order")) return;
    const buttons = document.createElement("span");
    buttons.className = "row-order";
    for (const [by, sign, label] of [[-1, "↑", words.dataset.up], [1, "↓", words.dataset.down]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => {
        if (step(row, by)) button.focus();
      });
      buttons.append(button);
    }
    row.querySelector("h3").append(buttons);
  }

  for (const group of document.querySelectorAll(".inline-group")) rowsOf(group).forEach(equip);
  document.addEventListener("formset:added", (event) => equip(event.target));

  // Lines of a name

  if (!words.dataset.address) return;

  function note(end, language) {
    const fields = ["name", "name_breaks", "short_name"].map((name) => document.getElementById(`id_${name}${end}`));
    if (fields.some((field) => !field)) return;
    const shown = document.createElement("div");
    shown.className = "breaks-note";
    shown.setAttribute("role", "status");
    fields[1].closest(".form-row").append(shown);
    let asked = 0;
    let timer = null;

    async function ask() {
      const question = new URLSearchParams({ language });
      for (const field of fields) question.set(field.name, field.value);
      const number = (asked += 1);
      const response = await fetch(`${words.dataset.address}?${question}`).catch(() => null);
      if (!response || !response.ok || number !== asked) return; // a note is a help, no more
      const { lines, remarks } = await response.json();
      const told = remarks.map((remark) => {
        const line = document.createElement("p");
        line.className = "remark";
        line.textContent = remark;
        return line;
      });
      const broken = document.createElement("p");
      broken.textContent = lines.length > 1 ? words.dataset.lines + lines.join(" / ") : "";
      shown.replaceChildren(broken, ...told);
    }

    for (const field of fields) {
      field.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(ask, 400);
      });
    }
    ask();
  }

  note("", "ja");
  note("_en", "en");
});
