// One board: shows a window, goes on with the newest one by itself, and asks only for what has changed.
const begin = JSON.parse(document.getElementById("begin").textContent);
const base = location.pathname.slice(0, location.pathname.lastIndexOf("/boards/"));
const api = `${base}/api/boards/${encodeURIComponent(begin.board.table)}`;
const part = (name) => document.querySelector(`[data-is="${name}"]`);
const button = (name) => document.querySelector(`[data-do="${name}"]`);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const NO_VALUE = "\\N";
const texts = (values) => values.map((v) => (v === null ? NO_VALUE : v));

const now = {
  windows: begin.windows,
  at: begin.standing?.at ?? -1,
  following: begin.asked.window === null && begin.standing !== null,
  group: begin.asked.group,
  item: begin.asked.item,
  offset: begin.asked.offset,
  state: begin.state,
  stateSince: performance.now(),
  standing: begin.standing,
};

// Asking: an answer that has not changed comes back as 304 and is taken from here.
const known = new Map();
async function ask(path, signal) {
  const url = api + path;
  const before = known.get(url);
  const response = await fetch(url, { signal, cache: "no-store", headers: before ? { "If-None-Match": before.mark } : {} });
  if (response.status === 304 && before) return before.answer;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(answer.detail ?? `The server answered ${response.status}.`), { status: response.status });
  const mark = response.headers.get("ETag");
  if (mark) known.delete(url), known.set(url, { mark, answer });
  if (known.size > 60) known.delete(known.keys().next().value);
  return answer;
}
function trouble(error) {
  if (error?.name === "AbortError") return;
  const box = part("trouble");
  if (!box) return;
  box.hidden = !error;
  if (error) box.textContent = error.status === 401 ? "Your log-in has ended. Reload the page to log in again." : error.status ? error.message : "The server cannot be reached. The page tries again by itself.";
}

// Addresses
const windowName = (at) => now.windows[at].map((ms) => new Date(ms).toISOString()).join("/");
function query(more = {}) {
  const found = new URLSearchParams();
  for (const [key, value] of Object.entries(more)) if (value !== undefined) found.append(key, value);
  for (const value of now.group) found.append("group", value);
  return found;
}
function view() {
  const found = query(now.following ? {} : { window: windowName(now.at) });
  for (const value of now.item) found.append("item", value);
  if (now.offset) found.append("offset", now.offset);
  return found;
}
function eventsOf(row) {
  const found = new URLSearchParams({ window: windowName(now.standing.at) });
  for (const value of texts(row.group)) found.append("group", value);
  for (const value of texts(row.item)) found.append("item", value);
  return `${base}/boards/${encodeURIComponent(begin.board.table)}/events?${found}`;
}

// Drawing
const shown = new Map();
function drawRows(animate) {
  const { rows, previous, total } = now.standing;
  const body = document.querySelector("#ranks tbody");
  const first = begin.board.values[0];
  const numeric = Boolean(first) && !["string", "timestamp", "date", "boolean"].includes(first.type);
  const how = {
    first: !previous, numeric, grouped: now.group.length > 0, what: first?.name ?? "rank",
    most: numeric ? Math.max(...rows.map((r) => Number(r.values[0])), 0) : 0,
    events: begin.board.no_drill_down ? null : eventsOf,
  };
  const places = new Map([...shown].map(([key, { line }]) => [key, animate ? line.offsetTop : 0]));
  const keys = new Set();
  rows.forEach((row, i) => {
    const key = JSON.stringify([row.group, row.item]);
    const content = JSON.stringify([row, how.most, how.first, how.grouped, now.standing.window.name]);
    const entry = shown.get(key) ?? { line: drawing.element("tr"), content: "", value: undefined };
    if (entry.content !== content) {
      entry.line.replaceChildren(...drawing.cells(row, how));
      if (animate && entry.content && entry.value !== row.values[0]) entry.line.querySelector(".main")?.classList.add("changed");
      Object.assign(entry, { content, value: row.values[0] });
    }
    shown.set(key, entry);
    keys.add(key);
    if (body.children[i] !== entry.line) body.insertBefore(entry.line, body.children[i] ?? null);
  });
  for (const [key, { line }] of shown) if (!keys.has(key)) line.remove(), shown.delete(key);
  if (animate && !still.matches) {
    for (const [key, { line }] of shown) {
      const by = places.has(key) ? places.get(key) - line.offsetTop : 0;
      if (by) line.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: 260, easing: "ease-out" });
    }
  }
  for (const cell of document.querySelectorAll("[data-group-column]")) cell.hidden = now.group.length > 0;
  const nothing = part("nothing");
  nothing.hidden = rows.length > 0;
  nothing.textContent = now.item.length ? `${begin.board.item[0].name} ${now.item[0]} is not on the board in this window.` : total ? "There are no more ranks." : "No row in this window matches.";
}
function drawAround() {
  const { left, total, offset, rows, at } = now.standing;
  const [last, size] = [now.windows.length - 1, begin.size];
  const slider = part("slider");
  slider.max = last;
  slider.value = at;
  drawWindow(at);
  part("count").textContent = `${drawing.number(total)} ${total === 1 ? "row" : "rows"}`;
  part("first").textContent = drawing.short(now.windows[0][0]);
  part("last").textContent = drawing.short(now.windows[last][1]);
  part("trend-title").textContent = rows[0]?.trend.length > 1 ? `Last ${rows[0].trend.length} windows` : "Trend";
  part("pager").hidden = total <= size;
  part("page").textContent = `${drawing.number(offset + 1)} to ${drawing.number(Math.min(offset + size, total))} of ${drawing.number(total)}`;
  button("page-before").disabled = offset === 0;
  button("page-after").disabled = offset + size >= total;
  const gone = part("left");
  gone.hidden = !left.count || now.item.length > 0;
  if (!gone.hidden) {
    const named = left.rows.map((r) => {
      const made = drawing.element("span", "gone num", r.item.map(drawing.name).join(" · "));
      made.append(drawing.element("span", "quiet", ` was ${r.rank}`));
      return made;
    });
    const more = left.count - left.rows.length;
    gone.replaceChildren(drawing.element("span", "quiet", "Left since the window before"), ...named, ...(more ? [drawing.element("span", "quiet num", `and ${drawing.number(more)} more`)] : []));
  }
  for (const link of document.querySelectorAll("[data-export]")) {
    const span = link.dataset.export === "one" ? { window: windowName(at) } : { from: windowName(0), to: windowName(last) };
    link.href = `${api}/export?${query({ format: link.dataset.format, ...span })}`;
  }
  for (const told of document.querySelectorAll('[data-is="export-group"]')) told.textContent = now.group.length ? `, ${now.group.join(" · ")} only` : "";
}
function drawWindow(at) {
  const last = now.windows.length - 1;
  const open = now.state.writer?.state === "running" && now.state.event_time && Date.parse(now.state.event_time) < now.windows[at][1];
  part("window").textContent = drawing.span(now.windows[at]) + (open ? ", so far" : "");
  part("place").textContent = `Window ${drawing.number(at + 1)} of ${drawing.number(last + 1)}`;
  part("slider").setAttribute("aria-valuetext", drawing.span(now.windows[at]));
  part("slider").style.setProperty("--passed", `${last ? (100 * at) / last : 100}%`);
  button("earlier").disabled = at === 0;
  button("later").disabled = at === last;
  const newest = button("newest");
  newest.setAttribute("aria-pressed", String(now.following));
  newest.toggleAttribute("data-new", !now.following && at < last);
}
function drawState() {
  const s = now.state;
  const live = s.writer && s.writer.state !== "stopped";
  const told = part("live");
  told.textContent = !live ? "Batch" : s.writer.error ? "Live, in trouble" : `Live, ${s.writer.state}`;
  told.className = `live-state ${live ? (s.writer.error ? "bad" : "on") : ""}`;
  told.dataset.tip = s.writer ? `${s.writer.job}, run ${s.writer.run_id}${s.writer.heartbeat ? `\nlast heard of ${drawing.moment(s.writer.heartbeat)}` : ""}${s.writer.error ? `\n${s.writer.error}` : ""}` : "No live job writes this table; batches do.";
  part("reaches").textContent = s.reaches ? drawing.moment(s.reaches) : "–";
  part("event").textContent = s.event_time ? drawing.moment(s.event_time) : "not known";
  part("event").dataset.tip = s.sources.length ? `In ${s.sources.join(", ")}` : "The tables that this board is computed from are not in the lake.";
  part("version").textContent = drawing.number(s.version);
  tick();
}
function tick() {
  const since = (performance.now() - now.stateSince) / 1000;
  if (now.state.lag_s !== null) part("lag").textContent = drawing.lasting(now.state.lag_s + since);
  part("committed").textContent = `${drawing.lasting((Date.parse(now.state.now) - Date.parse(now.state.committed)) / 1000 + since)} ago`;
}
function draw(animate = false) {
  if (!now.standing) return;
  drawRows(animate);
  drawAround();
  document.body.dataset.version = now.standing.version;
}

// Moving through time, groups and pages
let under, later;
async function show(change = {}, { animate = false, keep = false } = {}) {
  if (!keep && ("group" in change || "item" in change)) change.offset = 0;
  Object.assign(now, change);
  clearTimeout(later);
  under?.abort();
  under = new AbortController();
  history.replaceState(null, "", `?${view()}`.replace(/\?$/, location.pathname));
  const found = query({ window: windowName(now.at), offset: now.offset, n: begin.size });
  for (const value of now.item) found.append("item", value);
  try {
    now.standing = await ask(`?${found}`, under.signal);
    trouble(null);
    draw(animate);
  } catch (error) {
    trouble(error);
  }
}
function go(at) {
  const last = now.windows.length - 1;
  Object.assign(now, { at: Math.min(Math.max(at, 0), last), following: at >= last });
  part("slider").value = now.at;
  drawWindow(now.at);
  under?.abort(); // an answer about another window must not move the slider back
  clearTimeout(later);
  later = setTimeout(() => show({ offset: 0 }, { animate: true }), 60);
}
// Mostly the new ones follow those that are known; where others came or went, the number tells.
async function allWindows() {
  const last = now.windows.at(-1)?.[1] ?? 0;
  const newer = await ask(`/windows?after=${last}`);
  const joined = [...now.windows, ...newer.windows];
  return joined.length === newer.count ? joined : (await ask("/windows")).windows;
}
async function look() {
  const before = now.state;
  const found = await ask("/state");
  if (found !== before) Object.assign(now, { state: found, stateSince: performance.now() });
  drawState();
  trouble(null);
  if (found.version === before.version && found.windows === now.windows.length) return;
  const here = now.windows[now.at];
  now.windows = await allWindows();
  if (!now.standing) return now.windows.length ? location.reload() : undefined;
  const same = now.windows.findIndex(([start, end]) => here && start === here[0] && end === here[1]);
  const at = now.following || same < 0 ? now.windows.length - 1 : same;
  await show({ at }, { animate: true, keep: true });
}
let waiting;
async function poll() {
  clearTimeout(waiting);
  if (document.hidden) return;
  try {
    await look();
  } catch (error) {
    trouble(error);
  }
  waiting = setTimeout(poll, begin.poll);
}

async function copy() {
  // Inside Airflow the address is that of its page around this one.
  const framed = window.parent !== window;
  const address = `${location.origin}${framed ? "/plugin/leaderboards" : ""}${location.pathname}${location.search}`;
  const byHand = () => {
    const box = drawing.element("textarea", "sr");
    box.value = address;
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  };
  // Browsers give the clipboard to secure pages only, and not to every frame.
  const done = navigator.clipboard ? await navigator.clipboard.writeText(address).then(() => true, byHand) : byHand();
  button("copy").textContent = done ? "Copied" : "Not allowed here";
  setTimeout(() => (button("copy").textContent = "Copy link"), 1500);
}

function start() {
  document.addEventListener("visibilitychange", poll);
  setInterval(() => document.hidden || tick(), 1000);
  drawState();
  waiting = setTimeout(poll, begin.poll);
  if (!now.standing) return;
  const menu = document.querySelector(".menu");
  document.addEventListener("pointerdown", (event) => menu.contains(event.target) || (menu.open = false));
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") menu.open = false, menu.querySelector("summary").focus();
  });
  button("copy").addEventListener("click", copy);
  part("slider").addEventListener("input", (event) => go(Number(event.target.value)));
  button("earlier").addEventListener("click", () => go(now.at - 1));
  button("later").addEventListener("click", () => go(now.at + 1));
  button("newest").addEventListener("click", () => go(now.windows.length - 1));
  const turn = (by) => show({ offset: Math.max(now.offset + by, 0) }).then(() => document.querySelector(".ranks").scrollIntoView({ block: "nearest" }));
  button("page-before").addEventListener("click", () => turn(-begin.size));
  button("page-after").addEventListener("click", () => turn(begin.size));
  const group = document.getElementById("group");
  if (group) combobox(group, document.getElementById("groups"));
  const item = document.getElementById("item");
  if (item) {
    let wait;
    item.value = now.item[0] ?? "";
    item.addEventListener("input", () => (clearTimeout(wait), (wait = setTimeout(() => show({ item: item.value.trim() ? [item.value.trim()] : [] }), 200))));
  }
  draw();
}
start();
