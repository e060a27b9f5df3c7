// Names the boxes that select2 makes after the labels of the fields that they stand for: it leaves them unnamed.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  if (!window.django || !django.jQuery) return;

  function labelOf(select) {
    const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    if (label && !label.id) label.id = `${select.id}_label`;
    return label;
  }

  function name(root) {
    for (const select of root.querySelectorAll("select.select2-hidden-accessible")) {
      const label = labelOf(select);
      const box = select.parentElement.querySelector(".select2-container .select2-selection");
      if (!label || !box) continue;
      const shown = box.querySelector(".select2-selection__rendered");
      box.setAttribute("aria-labelledby", `${label.id} ${shown ? shown.id : ""}`.trim());
      if (shown && shown.getAttribute("role") === "textbox") shown.setAttribute("aria-labelledby", label.id);
      const typed = box.querySelector(".select2-search__field");
      if (typed) typed.setAttribute("aria-labelledby", label.id);
    }
  }

  setTimeout(() => name(document)); // after the scripts that make them
  document.addEventListener("formset:added", (event) => setTimeout(() => name(event.target)));
  django.jQuery(document).on("select2:open", (event) => {
    const label = labelOf(event.target);
    const typed = document.querySelector(".select2-container--open .select2-search--dropdown .select2-search__field");
    if (label && typed) typed.setAttribute("aria-labelledby", label.id);
  });
});
