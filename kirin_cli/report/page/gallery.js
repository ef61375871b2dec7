"use strict";
(() => {
  const form = document.querySelector(".filters");
  const main = document.querySelector("main");
  const grid = main.querySelector(".grid");
  const units = [...grid.children]; // cards, and sections with all takes of a job, in file order
  const cards = [...document.querySelectorAll(".card")];
  const rows = new Map([...document.querySelectorAll("[data-row]")].map((row) => [row.dataset.row, row]));
  const texts = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
  const count = form.querySelector(".count");
  const empty = document.querySelector(".empty");
  const find = form.elements.q;
  const states = [...form.querySelectorAll("input[name=state]")];
  const selects = [...form.querySelectorAll("select")];
  const chosen = (name) => form.elements[name]?.value || "";
  const tagsOf = (card) => card.dataset.tags?.split("\n") || [];
  const labelOf = (card) => card.ariaLabel || nameOf(card);
  const nameOf = (card) => card.querySelector("h3").textContent;
  const cardsOf = (unit) => (unit.matches(".card") ? [unit] : [...unit.querySelectorAll(".card")]);
  const jobs = (number) => `${number} ${number === 1 ? "job" : "jobs"}`;
  form.hidden = cards.length < 2;

  // What is shown is kept in the address (#q=…&state=failed&sort=cost), so that a view can be bookmarked and passed on.
  const fromAddress = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    find.value = wanted.get("q") || "";
    for (const select of selects) {
      select.value = wanted.get(select.name) || "";
      if (select.selectedIndex < 0) select.value = "";
    }
    const checked = wanted.getAll("state");
    for (const box of states) box.checked = checked.includes(box.value);
  };
  const toAddress = () => {
    const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    history.replaceState(null, "", `#${wanted}`);
  };

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = states.filter((box) => box.checked).map((box) => box.value);
    const [model, tag] = [chosen("model"), chosen("tag")];
    let shown = 0;
    for (const card of cards) {
      const fits = (!wanted.length || wanted.includes(card.dataset.state))
        && (!model || model === card.dataset.model)
        && (!tag || tagsOf(card).includes(tag))
        && words.every((word) => texts.get(card).includes(word));
      card.hidden = !fits;
      if (!fits) for (const video of card.querySelectorAll("video")) video.pause();
      const row = rows.get(card.id);
      if (row) row.hidden = !fits;
      shown += fits;
    }
    for (const unit of units) {
      if (unit.matches(".card")) continue;
      const visible = cardsOf(unit).filter((card) => !card.hidden).length;
      unit.hidden = !visible;
      unit.dataset.size = visible;
    }
    for (const group of main.querySelectorAll(".group")) {
      const visible = [...group.querySelectorAll(".card")].filter((card) => !card.hidden);
      const cost = visible.reduce((sum, card) => sum + Number(card.dataset.cost || 0), 0);
      group.hidden = !visible.length;
      group.dataset.size = visible.length;
      group.querySelector("small").textContent = jobs(visible.length) + (cost ? ` · $${cost.toFixed(2)}` : "");
    }
    count.textContent = shown === cards.length ? jobs(shown) : `${shown} of ${jobs(cards.length)}`;
    if (cards.length) empty.hidden = shown > 0;
  };

  const GRAVEST = ["failed", "rejected", "expired", "unknown", "pending", "done", "skipped"];
  const sorted = (by) => {
    if (!by) return units;
    const best = (unit, value) => Math.max(...cardsOf(unit).map(value));
    if (by === "name") {
      const names = new Map(units.map((unit) => [unit, nameOf(cardsOf(unit)[0])]));
      return [...units].sort((a, b) => names.get(a).localeCompare(names.get(b), undefined, { numeric: true }));
    }
    const value = (card) => (by === "state" ? -GRAVEST.indexOf(card.dataset.state) : Number(card.dataset[by] ?? -1));
    const values = new Map(units.map((unit) => [unit, best(unit, value)]));
    return [...units].sort((a, b) => values.get(b) - values.get(a));
  };
  const layout = () => {
    const order = sorted(chosen("sort"));
    const by = chosen("group");
    const groups = new Map();
    for (const unit of by ? order : []) {
      const [card] = cardsOf(unit);
      const key = by === "tags" ? tagsOf(card).join(", ") || "No tag" : card.dataset[by] || "None";
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(unit);
    }
    grid.hidden = Boolean(by);
    if (!by) grid.append(...order);
    main.querySelector(".groups")?.remove();
    const all = document.createElement("div");
    all.className = "groups";
    all.dataset.by = by;
    if (by) empty.before(all);
    for (const [key, members] of groups) {
      const heading = document.createElement("h2");
      const name = document.createElement("bdi");
      name.textContent = key;
      heading.append(name, document.createElement("small"));
      const group = document.createElement("section");
      group.className = "group";
      group.setAttribute("aria-label", key);
      name.title = key;
      const inside = document.createElement("div");
      inside.className = "grid";
      inside.append(...members);
      group.append(heading, inside);
      all.append(group);
    }
  };
  let laidOut = "\n";
  const apply = () => {
    const wanted = `${chosen("group")}\n${chosen("sort")}`;
    if (wanted !== laidOut) layout();
    laidOut = wanted;
    filter();
  };
  const changed = () => { toAddress(); apply(); };
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  // Cards out of sight have a height that is a guess: a link to one has arrived where it stays there for some frames.
  let journey = 0;
  const arrive = () => {
    const card = /^#job-\d+$/.test(location.hash) && document.querySelector(location.hash);
    let [top, still, frames] = [NaN, 0, 240];
    const mine = ++journey;
    const step = () => {
      if (mine !== journey || !frames--) return;
      card.scrollIntoView({ behavior: "instant" });
      const now = card.getBoundingClientRect().top;
      still = now === top ? still + 1 : 0;
      top = now;
      if (still < 20) requestAnimationFrame(step);
    };
    if (card) step();
  };
  for (const own of ["wheel", "touchmove", "keydown", "pointerdown"]) addEventListener(own, () => { journey += 1; });
  addEventListener("hashchange", arrive);
  addEventListener("hashchange", () => {
    if (/^#(job|picture|name)-\d+$|^#videos$/.test(location.hash)) return;
    fromAddress();
    apply();
  });

  addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=search], select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find.focus();
    } else if (event.key === "Escape" && (typing || event.target === document.body)) {
      form.reset();
      changed();
    }
  });

  const said = document.getElementById("said");
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no permission, or a browser that gives pages from the disk no clipboard
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (!done) throw new Error("not copied");
    }
  };
  for (const button of document.querySelectorAll("[data-copy]")) {
    const card = button.closest(".card");
    const { textContent: label, dataset: { copy: what } } = button;
    const name = labelOf(card);
    button.setAttribute("aria-label", `Copy ${what} of ${name}`);
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = card.querySelector(what === "prompt" ? ".prompt" : "code").textContent;
      try {
        await copy(text);
        button.textContent = "Copied";
        said.textContent = `The ${what} of ${name} is copied`;
      } catch {
        button.textContent = "Not copied";
        said.textContent = `The ${what} of ${name} could not be copied`;
      }
      button.focus();
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  }
  // What is inside the page: a link to it opens no window, so that it is opened as a blob.
  const toBlob = (address) => {
    const [, type, body] = address.match(/^data:([^;]+);base64,(.*)$/s);
    return new Blob([Uint8Array.from(atob(body), (one) => one.charCodeAt(0))], { type });
  };
  for (const button of document.querySelectorAll("[data-open], [data-save]")) {
    const screens = [...button.closest(".card").querySelectorAll(".screen > video, .screen > img")];
    const same = button.dataset.open === undefined ? "[data-save], a[download]" : "[data-open], a[target]";
    const media = screens[[...button.parentElement.querySelectorAll(same)].indexOf(button)];
    button.hidden = false;
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      if (button.dataset.open === undefined) link.download = button.dataset.save;
      else link.target = "_blank";
      link.href = button.dataset.open === undefined ? media.src : URL.createObjectURL(toBlob(media.src));
      link.click();
    });
  }

  // Controls come with the focus or a click. A video plays silently under the mouse until somebody takes it over: a click
  // then goes on playing, and only what follows is the controls' own. None plays where motion is unwelcome.
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  for (const video of document.querySelectorAll("video")) {
    let own = false;
    const show = (all) => {
      video.controls = all;
      video.parentElement.classList.toggle("still", !all);
    };
    const takeOver = () => {
      if (own) return;
      own = true;
      video.muted = false;
      show(true);
    };
    video.tabIndex = 0;
    show(false);
    video.addEventListener("mousedown", (event) => { if (!own) event.preventDefault(); }); // the focus comes with the click
    video.addEventListener("click", (event) => {
      if (own) return;
      event.preventDefault();
      takeOver();
      video.focus();
      video.play().catch(() => {});
    });
    video.addEventListener("keydown", (event) => { if (event.key !== "Tab") takeOver(); });
    video.addEventListener("focus", () => show(true));
    video.addEventListener("blur", () => show(own && !video.paused));
    video.addEventListener("pointerenter", (event) => {
      if (event.pointerType !== "mouse" || own || calm.matches || !video.paused) return;
      video.muted = true;
      video.parentElement.classList.remove("still");
      video.play().catch(() => {});
    });
    video.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "mouse" || own) return;
      video.pause();
      show(video === document.activeElement);
    });
  }
  const note = (media, isThere) => {
    const found = media.parentElement.querySelector(".gone");
    media.parentElement.classList.toggle("lost", !isThere);
    if (isThere) found?.remove();
    if (isThere || found) return;
    const text = document.createElement("p");
    text.className = "gone";
    text.textContent = `Not there: ${media.ariaLabel || media.alt}`;
    media.parentElement.append(text);
  };
  for (const media of document.querySelectorAll(".screen > video, .screen > img")) {
    media.addEventListener("error", () => note(media, false));
    media.addEventListener(media.matches("video") ? "loadedmetadata" : "load", () => note(media, true));
  }
  for (const picture of document.querySelectorAll("img.thumb")) {
    const name = () => {
      const text = document.createElement("span");
      text.className = "thumb file";
      text.textContent = picture.alt;
      picture.replaceWith(text);
    };
    if (picture.complete && !picture.naturalWidth) name();
    else picture.addEventListener("error", name);
  }
  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      target.preload = "metadata";
      near.unobserve(target);
    }
  }, { rootMargin: "400px" });
  for (const video of document.querySelectorAll("video[preload=none]")) near.observe(video);
  for (const details of document.querySelectorAll(".card details")) {
    details.addEventListener("toggle", () => {
      const around = details.closest(".side, .grid");
      details.closest(".card").classList.toggle("open", details.open);
      around.classList.toggle("uneven", around.querySelector("details[open]") !== null);
    });
  }
  if (location.hash.includes("=")) fromAddress();
  apply();
  arrive();
})();
