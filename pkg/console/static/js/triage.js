// Keyboard triage of lists: j and k move along the rows, Enter accepts, m matches,
// i ignores, u undoes, / searches: on the side of the row that the list is about.
// Everything can be done without it.
(() => {
  "use strict";
  const table = document.querySelector("table[data-triage]");
  if (!table || !table.querySelector("[data-key]")) return;
  const rows = [...table.querySelectorAll("tbody tr")];
  const toggle = document.getElementById("keys-on");
  const kept = "bridge-keys";
  let at = -1;
  let on = true;
  try { on = localStorage.getItem(kept) !== "off"; } catch { /* kept for this page only */ }
  if (toggle) {
    toggle.checked = on;
    toggle.addEventListener("change", () => {
      on = toggle.checked;
      try { localStorage.setItem(kept, on ? "on" : "off"); } catch { /* as above */ }
    });
  }

  function move(by) {
    rows[at]?.classList.remove("at-cursor");
    at = Math.max(0, Math.min(rows.length - 1, at + by));
    rows[at].classList.add("at-cursor");
    rows[at].querySelector("a")?.focus();
    rows[at].scrollIntoView({ block: "nearest" });
  }

  const press = (key) => rows[at]?.querySelector(`[data-side] [data-key="${key}"]`)?.click();

  document.addEventListener("keydown", (e) => {
    if (!on || e.ctrlKey || e.altKey || e.metaKey || e.target.closest("input, textarea, select, [contenteditable]")) return;
    const inRow = e.target === document.body || e.target.closest("table[data-triage] tbody th a") === e.target;
    switch (e.key) {
      case "j": move(1); break;
      case "k": move(-1); break;
      case "Enter": if (at < 0 || !inRow || !rows[at].querySelector('[data-side] [data-key="accept"]')) return; press("accept"); break;
      case "m": press("match"); break;
      case "i": press("ignore"); break;
      case "u": document.querySelector(".flash form button")?.click(); break;
      case "/": document.getElementById("q")?.focus(); break;
      default: return;
    }
    e.preventDefault();
  });
})();
