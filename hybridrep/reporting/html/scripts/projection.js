// The t-SNE map: hover or tap a point to read its text.
const tip = document.getElementById("tip");

function showTip(element, event) {
  tip.replaceChildren(element);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, innerWidth - width - 8);
  const above = event.clientY - height - 14;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${above > 8 ? above : event.clientY + 18}px`;
}

for (const explorer of document.querySelectorAll(".explorer.projection")) {
  whenVisible(explorer, async () => {
    const [Plotly, data] = await Promise.all([loadPlotly(), explorerData(explorer)]);
    const plot = explorer.querySelector(".plot");
    const inspector = explorer.querySelector(".inspector");
    const [corpusSelect, representationSelect] = explorer.querySelectorAll("select");
    let items;
    let walked = -1; // the item that the arrow keys have come to

    function draw() {
      const record = data.projections.find((p) =>
        p.corpus === corpusSelect.value && p.key === representationSelect.value);
      items = data.items[record.items];
      walked = -1;
      const look = plotColours();
      const traces = items.names.map((name, index) => {
        const mine = [];
        items.labels.forEach((label, place) => { if (label === index) mine.push(place); });
        return {
          type: "scatter", mode: "markers", name: plotText(name), hoverinfo: "none", customdata: mine,
          x: mine.map((place) => record.x[place]), y: mine.map((place) => record.y[place]),
          marker: {
            size: 7, opacity: 0.85, symbol: data.symbols[index % data.symbols.length],
            color: data.colours[theme.isDark() ? "dark" : "light"][index % data.symbols.length],
          },
        };
      });
      const axis = { showgrid: false, zeroline: false, showticklabels: false, showline: true,
        mirror: true, linecolor: look.line };
      Plotly.react(plot, traces, {
        font: look.font, paper_bgcolor: look.paper_bgcolor, plot_bgcolor: look.plot_bgcolor,
        margin: { l: 24, r: 8, t: 8, b: 24 }, hovermode: "closest", dragmode: "pan",
        legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
        xaxis: { ...axis, title: { text: "t-SNE 1 (no unit)", font: { size: 11 }, standoff: 4 } },
        yaxis: { ...axis, title: { text: "t-SNE 2 (no unit)", font: { size: 11 }, standoff: 4 } },
      }, { responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false });
    }

    function fill() {
      const chosen = data.projections.filter((p) => p.corpus === corpusSelect.value);
      fillSelect(representationSelect, chosen.map((p) => [p.key, p.label]));
      draw();
    }
    fillSelect(corpusSelect, data.corpora.filter(([key]) =>
      data.projections.some((p) => p.corpus === key)));
    corpusSelect.addEventListener("change", fill);
    representationSelect.addEventListener("change", draw);
    plot.classList.remove("empty");
    plot.textContent = "";
    fill();
    const read = ({ points: [point], event }) => {
      inspector.replaceChildren(itemElement(items, point.customdata));
      if (event) showTip(itemElement(items, point.customdata), event);
    };
    plot.on("plotly_hover", read);
    plot.on("plotly_click", read);
    plot.on("plotly_unhover", () => { tip.hidden = true; });
    plot.addEventListener("keydown", (event) => {
      const move = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
      if (!move) return;
      event.preventDefault();
      const n = items.labels.length;
      walked = walked < 0 ? (move > 0 ? 0 : n - 1) : (walked + move + n) % n;
      inspector.replaceChildren(itemElement(items, walked));
      // all others fade
      Plotly.restyle(plot, {
        selectedpoints: plot.data.map((trace) => {
          const place = trace.customdata.indexOf(walked);
          return place < 0 ? [] : [place];
        }),
      });
    });
    addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
    theme.onChange(draw);
    explorer.dataset.ready = "true";
  });
}
