"use strict";
(() => {
  const form = document.querySelector(".filters");
  const cards = [...document.querySelectorAll(".card")];
  const rows = new Map([...document.querySelectorAll("[data-job]")].map((row) => [row.dataset.job, row]));
  const texts = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
  const count = form.querySelector(".count");
  const empty = document.querySelector(".empty");
  const find = form.elements.q;
  const model = form.elements.model;
  const states = [...form.querySelectorAll("input[name=state]")];

  // The filter is kept in the address (#q=…&state=failed&model=…), so that a view can be bookmarked and passed on.
  const fromAddress = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    find.value = asked.get("q") || "";
    model.value = asked.get("model") || "";
    if (model.selectedIndex < 0) model.value = "";
    const wanted = asked.getAll("state");
    for (const box of states) box.checked = wanted.includes(box.value);
  };
  const toAddress = () => {
    const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    history.replaceState(null, "", `#${asked}`);
  };
  const apply = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = states.filter((box) => box.checked).map((box) => box.value);
    let shown = 0;
    for (const card of cards) {
      const fits = (!wanted.length || wanted.includes(card.dataset.state))
        && (!model.value || model.value === card.dataset.model)
        && words.every((word) => texts.get(card).includes(word));
      card.hidden = !fits;
      if (!fits) for (const video of card.querySelectorAll("video")) video.pause();
      const row = rows.get(card.id);
      if (row) row.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown === cards.length ? `${shown} ${shown === 1 ? "job" : "jobs"}` : `${shown} of ${cards.length} jobs`;
    if (cards.length) empty.hidden = shown > 0;
  };
  const changed = () => { toAddress(); apply(); };
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => { if (!/^#job-\d+$|^#videos$/.test(location.hash)) { fromAddress(); apply(); } });

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

  // Controls come with the pointer, the focus or a tap. A video plays silently under the mouse until somebody takes over
  // its controls; none does where motion is unwelcome.
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  for (const video of document.querySelectorAll("video")) {
    let own = false;
    const show = (all) => {
      video.controls = all;
      video.parentElement.classList.toggle("still", !all);
    };
    video.tabIndex = 0;
    show(false);
    video.addEventListener("keydown", () => { own = true; });
    video.addEventListener("pointerdown", () => { own = video.controls; });
    video.addEventListener("focus", () => show(true));
    video.addEventListener("blur", () => show(own && !video.paused));
    video.addEventListener("click", () => {
      if (video.controls && own) return;
      own = true;
      show(true);
      video.play().catch(() => {});
    });
    video.addEventListener("pointerenter", (event) => {
      if (event.pointerType !== "mouse") return;
      show(true);
      if (own || calm.matches || !video.paused) return;
      video.muted = true;
      video.play().catch(() => {});
    });
    video.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "mouse") return;
      if (!own) video.pause();
      show((own && !video.paused) || video === document.activeElement);
    });
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
    details.addEventListener("toggle", () => details.closest(".card").classList.toggle("open", details.open));
  }
  if (location.hash.includes("=")) fromAddress();
  apply();
})();
