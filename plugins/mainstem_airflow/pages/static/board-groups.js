// The choice of a group: the server searches, so that any number of them can be there.
function combobox(input, list) {
  let found = [], chosen = -1, wait, asking;
  const clear = button("all-groups");
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const settle = () => {
    input.value = now.group.map((v) => (v === NO_VALUE ? "none" : v)).join(" · ");
    clear.hidden = !now.group.length;
    close();
  };
  const take = (i) => {
    show({ group: i < 0 ? [] : texts(found[i].values) });
    settle();
  };
  const mark = (i) => {
    chosen = i;
    [...list.children].forEach((o, k) => o.setAttribute("aria-selected", String(k === i)));
    const option = list.children[i];
    if (option?.id) input.setAttribute("aria-activedescendant", option.id);
    option?.scrollIntoView({ block: "nearest" });
  };
  const search = async () => {
    asking?.abort();
    asking = new AbortController();
    const text = input.value.trim();
    try {
      const answer = await ask(`/groups?${new URLSearchParams({ window: windowName(now.at), text: now.group.length && text === now.group.join(" · ") ? "" : text })}`, asking.signal);
      found = answer.groups;
      list.replaceChildren(...found.map((g, i) => {
        const option = drawing.element("li", "num");
        option.id = `group-${i}`;
        option.role = "option";
        option.append(drawing.element("span", "", g.values.map(drawing.name).join(" · ")), drawing.element("span", "quiet", `${drawing.number(g.rows)} ${g.rows === 1 ? "row" : "rows"}`));
        option.addEventListener("pointerdown", (event) => (event.preventDefault(), take(i)));
        return option;
      }));
      const more = answer.count - found.length;
      if (more > 0 || !found.length) {
        const rest = drawing.element("li", "rest num", found.length ? `${drawing.number(more)} more: type how it begins` : "None begins like this");
        rest.setAttribute("aria-disabled", "true");
        list.append(rest);
      }
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark(text && found.length ? 0 : -1);
    } catch (error) {
      trouble(error);
    }
  };
  input.addEventListener("focus", () => (input.select(), search()));
  input.addEventListener("input", () => (clearTimeout(wait), (wait = setTimeout(search, 120))));
  input.addEventListener("blur", () => (clearTimeout(wait), asking?.abort(), settle()));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") settle();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) search();
      else if (found.length) mark((chosen + (event.key === "ArrowDown" ? 1 : found.length - 1 + (chosen < 0 ? 1 : 0))) % found.length);
    } else if (event.key === "Enter") {
      if (!input.value.trim()) take(-1);
      else if (chosen >= 0 && !list.hidden) take(chosen);
    }
  });
  clear.addEventListener("click", () => (take(-1), input.focus()));
  settle();
}
