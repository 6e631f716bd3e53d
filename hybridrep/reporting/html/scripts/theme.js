// Light, dark, or as the system says. Kept for the next visit where the browser allows storage
// (inside a sandboxed frame it does not, and then the choice lives as long as the page).
const theme = (() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const listeners = [];
  const choices = ["auto", "light", "dark"];
  const words = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
  let choice = "auto";
  try { choice = localStorage.getItem("hybridrep-theme") || "auto"; } catch { /* sandboxed */ }
  if (!choices.includes(choice)) choice = "auto";

  const isDark = () => (choice === "auto" ? system.matches : choice === "dark");
  function apply() {
    if (choice === "auto") delete root.dataset.theme; else root.dataset.theme = choice;
    root.dataset.scheme = isDark() ? "dark" : "light";
    const button = document.getElementById("theme");
    if (button) button.textContent = words[choice];
    for (const listener of listeners) listener();
  }
  function next() {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length];
    try { localStorage.setItem("hybridrep-theme", choice); } catch { /* sandboxed */ }
    apply();
  }
  system.addEventListener("change", apply);
  document.getElementById("theme").addEventListener("click", next);
  apply();
  return { isDark, onChange: (listener) => listeners.push(listener) };
})();
