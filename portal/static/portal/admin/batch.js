// Says that a file is too large before it is sent.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  for (const input of document.querySelectorAll("input[type=file][data-limit]")) {
    input.addEventListener("change", () => {
      const isLarge = [...input.files].some((file) => file.size > Number(input.dataset.limit));
      input.setCustomValidity(isLarge ? input.dataset.tooLarge : "");
      input.reportValidity();
    });
  }
});
