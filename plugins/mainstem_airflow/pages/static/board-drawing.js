// How a board is drawn: texts of times and numbers, sparklines, rows. Nothing here asks or remembers.
const drawing = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit" });
  const seconds = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });

  const number = (value) => {
    if (value === null || value === undefined) return "–";
    if (typeof value === "number") return plain.format(value);
    return /^-?\d+$/.test(value) ? BigInt(value).toLocaleString("en") : String(value);
  };
  const name = (value) => (value === null ? "none" : value);
  const span = ([start, end]) => {
    const same = Math.floor(start / 864e5) === Math.floor((end - 1) / 864e5);
    const last = same && end % 864e5 === 0 ? "24:00" : clock.format(end);
    return `${day.format(start)}, ${clock.format(start)} – ${same ? last : `${day.format(end)}, ${clock.format(end)}`} UTC`;
  };
  const moment = (time) => `${new Date(time).toISOString().slice(0, 10)} ${seconds.format(new Date(time))}`;
  const short = (time) => `${new Date(time).toISOString().slice(0, 10)} ${clock.format(time)}`;
  const lasting = (s) => {
    const n = Math.max(Math.round(s), 0);
    if (n < 60) return `${n} s`;
    if (n < 3600) return `${Math.floor(n / 60)} min ${n % 60} s`;
    if (n < 172800) return `${Math.floor(n / 3600)} h ${Math.floor((n % 3600) / 60)} min`;
    return `${number(Math.floor(n / 86400))} days`;
  };

  const element = (tag, className = "", text = "") => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };
  const shape = (tag, values) => {
    const made = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
    return made;
  };

  // A line over the windows; where the row was not on the board the line has a gap.
  const sparkline = (trend, what) => {
    const [width, height, edge] = [112, 28, 4];
    const numbers = trend.map((v) => (v === null ? null : Number(v)));
    const there = numbers.filter((v) => v !== null && Number.isFinite(v));
    const svg = shape("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
    if (!there.length) return svg;
    const [least, most] = [Math.min(...there), Math.max(...there)];
    const x = (i) => (numbers.length < 2 ? width - edge : edge + (i * (width - 2 * edge)) / (numbers.length - 1));
    const y = (v) => (most === least ? height / 2 : height - edge - ((v - least) * (height - 2 * edge)) / (most - least));
    const point = (v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`;
    let line = [];
    const flush = () => {
      if (line.length > 1) svg.append(shape("polyline", { points: line.map(([v, i]) => point(v, i)).join(" ") }));
      else if (line.length) svg.append(shape("circle", { class: "alone", cx: x(line[0][1]), cy: y(line[0][0]), r: 1.5 }));
      line = [];
    };
    numbers.forEach((v, i) => (v === null ? flush() : line.push([v, i])));
    flush();
    const last = numbers.at(-1);
    if (last !== null) svg.append(shape("circle", { class: "now", cx: x(numbers.length - 1), cy: y(last), r: 2.6 }));
    const told = `${what} in the last ${numbers.length} windows: least ${number(least)}, most ${number(most)}` +
      (there.length < numbers.length ? `, on the board in ${there.length}` : "");
    svg.setAttribute("aria-label", told);
    svg.dataset.tip = told;
    return svg;
  };

  const moved = (row, first) => {
    const cell = element("td", "move num");
    if (first) return cell;
    if (row.change === null) cell.append(element("span", "new", "new"));
    else if (row.change === 0) cell.append(element("span", "quiet", "–"), element("span", "sr", "same rank"));
    else {
      const sign = element("span", row.change > 0 ? "up" : "down", `${row.change > 0 ? "▲" : "▼"} ${Math.abs(row.change)}`);
      sign.setAttribute("aria-hidden", "true");
      cell.append(sign, element("span", "sr", `${row.change > 0 ? "up" : "down"} ${Math.abs(row.change)}`));
    }
    return cell;
  };
  const measured = (value, most) => {
    const cell = element("td", "right num main");
    const bar = element("span", "share-bar");
    const part = element("span");
    part.style.width = `${most > 0 ? Math.max((100 * Number(value)) / most, 0) : 0}%`;
    bar.append(part);
    bar.setAttribute("aria-hidden", "true");
    cell.append(bar, element("span", "value", number(value)));
    return cell;
  };

  // The cells of a row; ``view`` has most, first, grouped, columns, events.
  const cells = (row, view) => {
    const rank = element("th", `right num rank${row.rank <= 3 ? " high" : ""}`, number(row.rank));
    rank.scope = "row";
    const made = [rank, moved(row, view.first)];
    for (const part of row.item) made.push(element("td", "num item", name(part)));
    if (!view.grouped) for (const part of row.group) made.push(element("td", "num group", name(part)));
    row.values.forEach((v, i) =>
      made.push(i === 0 && view.numeric ? measured(v, view.most) : element("td", `right num${i > 1 ? " minor" : ""}`, number(v))));
    const trend = element("td", "trend");
    trend.append(sparkline(row.trend, view.what));
    const drill = element("td", "right drill");
    if (view.events) {
      const link = element("a", "", "Events");
      link.href = view.events(row);
      link.setAttribute("aria-label", `Events of ${row.item.map(name).join(" ")}`);
      drill.append(link);
    }
    return [...made, trend, drill];
  };

  return { number, name, span, moment, short, lasting, element, cells };
})();
