// Follows Airflow's theme: the class of the document around the frame, else the choice it has stored, else the system.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  let outer = null;
  try {
    outer = window.parent !== window ? window.parent.document.documentElement : null;
  } catch {
    outer = null;
  }
  const stored = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const chosen = () => {
    if (outer?.classList.contains("dark")) return "dark";
    if (outer?.classList.contains("light")) return "light";
    const theme = stored();
    return theme === "dark" || theme === "light" ? theme : system.matches ? "dark" : "light";
  };
  const apply = () => {
    root.dataset.theme = chosen();
  };
  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  if (outer) {
    new MutationObserver(apply).observe(outer, { attributes: true, attributeFilter: ["class"] });
    root.classList.add("framed");
  }
})();
