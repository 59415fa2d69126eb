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
  // Red, green, blue and opacity of any colour that style sheets can name.
  const pixel = (color) => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  // The colour behind the frame, where it is dark or light enough for our text.
  const ground = () => {
    for (let at = outer && window.frameElement; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      const [r, g, b, alpha] = pixel(color);
      if (alpha < 255) continue;
      const light = (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
      return (root.dataset.theme === "dark" ? light < 0.13 : light > 0.96) ? color : null;
    }
    return null;
  };
  const apply = () => {
    root.dataset.theme = chosen();
    const color = ground();
    if (color) root.style.setProperty("--bg", color);
    else root.style.removeProperty("--bg");
  };
  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  if (outer) {
    new MutationObserver(() => requestAnimationFrame(apply)).observe(outer, { attributes: true, attributeFilter: ["class"] });
  }
})();
