// Figures enlarge in a dialog; the arrow keys go on to the next one, Escape closes it.
(() => {
  const dialog = document.getElementById("viewer");
  const pictures = [...document.querySelectorAll(".picture")];
  let current = 0;

  function show(index) {
    current = (index + pictures.length) % pictures.length;
    const picture = pictures[current];
    const source = picture.querySelector("img");
    const image = dialog.querySelector("img");
    image.src = source.src;
    image.alt = source.alt;
    dialog.classList.toggle("plain", picture.classList.contains("plain"));
    dialog.querySelector(".title").textContent = picture.dataset.title;
    dialog.querySelector(".quiet").textContent = picture.dataset.caption;
    dialog.scrollTop = 0;
    dialog.querySelector(".pan").scrollLeft = 0;
  }
  pictures.forEach((picture, index) => {
    picture.querySelector("button").addEventListener("click", () => {
      show(index);
      dialog.showModal();
      dialog.querySelector("[data-close]").focus();
    });
  });
  dialog.addEventListener("click", (event) => {
    const step = event.target.dataset?.step;
    if (step) show(current + Number(step));
    else if (event.target === dialog || event.target.dataset?.close !== undefined) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(current + 1);
    if (event.key === "ArrowLeft") show(current - 1);
  });

  // details open for printing, and go back afterwards
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of opened) part.open = false; });

  // the contents mark the section that is being read
  const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash, a]));
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(`#${entry.target.id}`)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -75% 0px" });
  for (const section of document.querySelectorAll("section[id]")) observer.observe(section);
})();
