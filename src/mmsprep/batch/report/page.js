"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const body = $("items");
  const rows = [...body.rows];
  const signs = { picture: "▣", video: "▶", sound: "♪", card: "☺", place: "⌖", PDF: "▤", message: "✉", none: "!" };
  const wide = matchMedia("(min-width: 1001px)");
  let chosen = null;

  // What came with a file is written as text, never as markup.
  const make = (tag, name, ...inner) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...inner.filter((each) => each !== null && each !== undefined && each !== ""));
    return made;
  };
  const detail = (row) => JSON.parse(row.querySelector("script").textContent);
  const picture = (source, words) => Object.assign(new Image(), { src: source, alt: words, decoding: "async" });

  // Thumbnails are decoded when they come into sight.
  const eye = new IntersectionObserver((seen) => {
    for (const each of seen) {
      if (!each.isIntersecting) continue;
      eye.unobserve(each.target);
      const row = each.target;
      const told = detail(row);
      const source = told.media.map((media) => media.picture).find(Boolean) || (told.before && told.before.picture);
      const place = row.querySelector(".thumb i");
      place.replaceChildren(source ? picture(source, "") : signs[row.dataset.kind] || "");
    }
  }, { rootMargin: "400px" });
  rows.forEach((row) => eye.observe(row));

  const listed = (pairs) => {
    const list = make("dl");
    for (const [term, words] of pairs) if (words) list.append(make("dt", "", term), make("dd", "", words));
    return list;
  };
  const link = (media, words) =>
    media.link ? Object.assign(make("a", "", words), { href: media.link, target: "_blank", rel: "noopener" }) : words;

  // Before and after, one over the other, and a range that moves the border between them.
  const wipe = (before, media, words) => {
    const range = Object.assign(make("input"), { type: "range", min: 0, max: 100, value: 50 });
    range.setAttribute("aria-label", "Before and after");
    const old = picture(before, "");
    old.className = "old";
    const whole = make("div", "wipe", picture(media.picture, words), old, make("b", "", "↔"), make("span", "l", "Before"), make("span", "r", "After"), range);
    range.addEventListener("input", () => whole.style.setProperty("--at", `${range.value}%`));
    return make("div", "bubble", whole);
  };
  const player = (tag, media, name) => {
    const made = Object.assign(make(tag), { controls: true, preload: "none" });
    if (!made.canPlayType(media.type))
      return make("div", name, make("p", "", link(media, media.name), make("small", "", "Phones play this type; this browser does not.")));
    made.src = media.link;
    if (media.picture && tag === "video") made.poster = media.picture;
    return make("div", name, tag === "audio" ? make("p", "", media.name) : "", made);
  };
  const card = (media) => {
    const { name, event, ...rest } = media.words;
    return make("div", "bubble card", make("h3", "", name || event || media.name), listed(Object.entries(rest)));
  };
  const bubble = (told, media, index) => {
    const [kind] = media.type.split("/");
    const before = told.before && told.before.picture;
    if (kind === "video" && media.link) return player("video", media, "bubble");
    if (kind === "audio" && media.link) return player("audio", media, "bubble sound");
    if (media.type === "application/pdf" && media.picture)
      return make("div", "bubble page", picture(media.picture, "First page"), make("p", "", link(media, media.name)));
    // What moves is shown as it is sent; its thumbnail stands still.
    if (media.frames && media.link) return make("div", "bubble", picture(media.link, media.name));
    if (kind === "image" && !media.picture && media.link) return make("div", "bubble", picture(media.link, media.name));
    if (kind === "image" && media.picture)
      return before && index === 0 && told.media.length === 1
        ? wipe(before, media, media.name)
        : make("div", "bubble", picture(media.picture, media.name));
    if (Object.keys(media.words).length) return card(media);
    return make("div", "bubble words", link(media, media.name));
  };
  const refused = (told) =>
    make("div", `refused ${told.status}`, make("i", "", "!"), make("p", "", told.fact || told.remedy), make("p", "", told.fact ? told.remedy : ""));

  const show = (row) => {
    const told = detail(row);
    const screen = [];
    if (told.status === "rejected" || told.status === "unavailable") screen.push(refused(told));
    else {
      screen.push(make("div", "who", told.to || told.name));
      told.media.forEach((media, index) => {
        screen.push(bubble(told, media, index));
        if (told.captions[index]) screen.push(make("div", "bubble words", told.captions[index]));
      });
      if (told.text.length) screen.push(make("div", "bubble words", told.text.join("\n")));
    }
    $("screen").replaceChildren(...screen);
    const notes = told.warnings.map((words) => make("p", "note warning", words));
    const sent = make("span");
    told.media.forEach((media, index) => sent.append(index ? make("br") : "", link(media, media.name), ` ${media.facts}`));
    $("about").replaceChildren(
      make("h2", "", told.name),
      listed([
        ["Source", told.source],
        ["Was", told.before && [told.before.type, told.before.bytes].join(", ")],
        ["Is sent", told.media.length ? sent : ""],
        ["By", told.steps.join(" → ")],
        ["Took", told.seconds ? `${told.seconds.toFixed(2)} s${told.again ? ", known already" : ""}` : ""],
        ["Code", told.code && `${told.code} ${told.reason}`],
      ]),
      ...notes,
    );
  };
  const choose = (row, { open = false, focus = true, scroll = true } = {}) => {
    if (chosen) {
      chosen.removeAttribute("aria-selected");
      chosen.tabIndex = -1;
    }
    chosen = row;
    row.setAttribute("aria-selected", "true");
    row.tabIndex = 0;
    if (focus) row.focus({ preventScroll: true });
    if (scroll) row.scrollIntoView({ block: "nearest" });
    if (wide.matches || open) show(row);
    if (open) {
      $("detail").classList.add("open");
      const first = wide.matches && $("screen").querySelector("input, video, audio, a");
      if (first) first.focus({ preventScroll: true });
      else if (!wide.matches) $("close").focus();
    }
  };
  const back = () => {
    $("detail").classList.remove("open");
    if (chosen) chosen.focus({ preventScroll: true });
  };
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row) choose(row, { open: !wide.matches });
  });
  $("close").addEventListener("click", back);

  // Sorting keeps the rows and changes their order; the same column again turns it round.
  const heads = [...document.querySelectorAll("th button")];
  const sort = (by, down) => {
    const text = by === "name" || by === "kind";
    const key = (row) => (text ? row.dataset[by] : Number(row.dataset[by]));
    const order = new Intl.Collator(undefined, { numeric: true });
    rows.sort((one, two) => {
      const first = key(one);
      const second = key(two);
      const found = text ? order.compare(first, second) : first - second;
      return (down ? -found : found) || Number(one.dataset.number) - Number(two.dataset.number);
    });
    body.append(...rows);
    for (const head of heads)
      head.parentElement.setAttribute("aria-sort", head.dataset.by === by ? (down ? "descending" : "ascending") : "none");
  };
  for (const head of heads)
    head.addEventListener("click", () => {
      const now = head.parentElement.getAttribute("aria-sort");
      const largest = head.parentElement.classList.contains("number");
      sort(head.dataset.by, now === "none" ? largest : now === "ascending");
    });

  // Rows are searched in what they show.
  const words = new Map(rows.map((row) => {
    const told = [...row.querySelectorAll("td > *:not(script), td.type")].map((each) => each.textContent);
    return [row, `${told.join(" ")} ${row.dataset.find}`.toLowerCase()];
  }));
  const filter = () => {
    const wanted = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const status = $("status").value;
    const kind = $("kind").value;
    let count = 0;
    for (const row of rows) {
      const fits = (!status || row.dataset.status === status) && (!kind || row.dataset.kind === kind);
      row.hidden = !(fits && wanted.every((word) => words.get(row).includes(word)));
      count += !row.hidden;
    }
    $("shown").value = count === rows.length ? `${count.toLocaleString()} items` : `${count.toLocaleString()} of ${rows.length.toLocaleString()}`;
    $("none").hidden = count > 0;
  };
  for (const each of ["find", "status", "kind"]) $(each).addEventListener("input", filter);
  document.querySelector(".tools").addEventListener("submit", (event) => event.preventDefault());
  const clear = () => {
    for (const each of ["find", "status", "kind"]) $(each).value = "";
    filter();
  };
  $("clear").addEventListener("click", clear);
  for (const jump of document.querySelectorAll(".jump"))
    jump.addEventListener("click", () => {
      clear();
      $("status").value = jump.dataset.status;
      $("find").value = jump.dataset.find;
      filter();
      document.querySelector(".tools").scrollIntoView({ block: "start" });
    });

  $("theme").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  });

  const step = (by) => {
    const seen = rows.filter((row) => !row.hidden);
    const at = seen.indexOf(chosen);
    const next = seen[Math.max(0, Math.min(seen.length - 1, at < 0 ? 0 : at + by))];
    if (next) choose(next, { open: $("detail").classList.contains("open") && !wide.matches });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|SELECT|VIDEO|AUDIO)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      if (event.target === $("find")) clear();
      back();
    } else if (typing) return;
    else if (event.key === "/") $("find").focus();
    else if (event.key === "ArrowDown" || event.key === "j") step(1);
    else if (event.key === "ArrowUp" || event.key === "k") step(-1);
    else if (event.key === "Enter" && event.target.tagName === "TR") choose(event.target, { open: true });
    else return;
    event.preventDefault();
  });

  const first = rows.find((row) => row.dataset.kind !== "none") || rows[0];
  if (first) {
    first.tabIndex = 0;
    const begin = () => wide.matches && !chosen && choose(first, { focus: false, scroll: false });
    wide.addEventListener("change", begin);
    begin();
  }
})();
