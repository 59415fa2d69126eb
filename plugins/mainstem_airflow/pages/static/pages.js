// Small comforts; every page is complete without them.
const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function ago(time) {
  const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
  const [unit, size] = units.find(([, n]) => Math.abs(seconds) >= n) ?? ["minute", 60];
  return Math.abs(seconds) < 60 ? "just now" : relative.format(Math.round(seconds / size), unit);
}

function refresh() {
  for (const time of document.querySelectorAll("time[data-ago]")) time.textContent = ago(time);
}

function filters() {
  for (const input of document.querySelectorAll("input[data-filter]")) {
    const rows = [...document.querySelectorAll(input.dataset.filter)];
    const nothing = document.querySelector(".nothing");
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.dataset.text.toLowerCase().includes(wanted);
      nothing.hidden = rows.some((row) => !row.hidden);
    });
  }
}

function tips() {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  document.body.append(tip);
  const show = (target) => {
    tip.textContent = target.dataset.tip;
    tip.hidden = false;
    const at = target.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const left = Math.min(Math.max(at.left + at.width / 2 - size.width / 2, 8), innerWidth - size.width - 8);
    const above = at.top - size.height - 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 4 ? above : at.bottom + 8}px`;
  };
  const over = (event) => {
    const target = event.target.closest?.("[data-tip]");
    if (target) show(target);
    else tip.hidden = true;
  };
  document.addEventListener("pointerover", over);
  document.addEventListener("focusin", over);
  document.addEventListener("scroll", () => (tip.hidden = true), true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip.hidden = true;
  });
}

// Airflow's frame allows no new windows; inside it such a link opens in place.
function links() {
  if (window.parent === window) return;
  for (const link of document.querySelectorAll("a[target=_blank]")) link.removeAttribute("target");
}

refresh();
setInterval(refresh, 30000);
filters();
tips();
links();
for (const box of document.querySelectorAll("[data-scroll-end]")) box.scrollLeft = box.scrollWidth;
