// Draws a figure's curves with Vega once the figure comes near the screen; until then, and without scripts, the picture
// that stands in the page is shown.
"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const curves = read("evo-curves");
  const drawing = read("evo-drawing");

  function rowsOf(series) {
    return series.flatMap((one) => {
      const curve = curves[one.curve];
      return curve.steps.map((step, i) => ({
        name: one.name, label: one.label || one.name, kind: one.kind, width: one.width,
        dash: one.dash.map((part) => part * one.width), step: step + one.shift, loss: curve.losses[i], at: step,
      })).filter((row) => row.step > 0 || !one.shift);
    });
  }

  function draw(figure) {
    const { series, x } = JSON.parse(figure.querySelector("script").textContent);
    const place = figure.querySelector(".live");
    const boxes = [...figure.querySelectorAll(".switches input")];
    const tip = place.querySelector(".tip");
    const canvas = place.querySelector(".canvas");
    const spec = structuredClone(drawing[x]);
    const colours = spec.scales.find((scale) => scale.name === "color");
    const colourOf = new Map(series.map((one) => [one.name, one.colour]));
    colours.domain = [...colourOf.keys()];
    colours.range = [...colourOf.values()];
    spec.data.find((data) => data.name === "curves").values = rowsOf(series);

    figure.classList.add("is-live");
    const show = (handler, event, item, value) => {
      tip.hidden = !value;
      if (!value) return;
      tip.textContent = value;
      const box = place.getBoundingClientRect();
      const left = event.clientX - box.left + 14;
      tip.style.left = `${Math.max(0, Math.min(left, box.width - tip.offsetWidth - 2))}px`;
      tip.style.top = `${event.clientY - box.top - 34}px`;
    };
    const options = { mode: "vega", renderer: "svg", actions: false, logLevel: 1, tooltip: show };
    vegaEmbed(canvas, spec, options).then(({ view }) => {
      const change = () => {
        const off = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
        boxes.forEach((box) => box.parentElement.classList.toggle("off", !box.checked));
        view.data("curves", rowsOf(series.filter((one) => !off.has(one.name)))).run();
      };
      boxes.forEach((box) => box.addEventListener("change", change));
      figure.dataset.drawn = "yes";
    });
  }

  const figures = document.querySelectorAll("figure[data-curves]");
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) { watch.unobserve(entry.target); draw(entry.target); }
    }
  }, { rootMargin: "300px" });
  figures.forEach((figure) => watch.observe(figure));
})();
