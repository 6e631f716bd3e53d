// Points in the plane of two correlations, the ways that they took, and the edge of what is
// possible: hover, tap or the arrow keys read a point.
for (const explorer of document.querySelectorAll(".explorer.plane")) {
  whenVisible(explorer, async () => {
    const [Plotly, data] = await Promise.all([loadPlotly(), explorerData(explorer)]);
    const plot = explorer.querySelector(".plot");
    const inspector = explorer.querySelector(".inspector");
    const [keySelect, sizeSelect] = explorer.querySelectorAll("select");
    let points = [];
    let walked = -1; // the point that the arrow keys have come to
    const number = (value) => (value === null ? "–" : value.toFixed(2).replace("-", "−"));

    function draw() {
      const panel = data.panels.find((p) =>
        p.key === keySelect.value && (!sizeSelect.value || p.size === sizeSelect.value));
      const look = plotColours();
      const colours = data[theme.isDark() ? "dark" : "light"];
      walked = -1;
      points = panel.traces.flatMap((trace, place) => trace.seeds.map((seed, index) =>
        ({ trace, place, seed, index })));
      const lines = [
        { type: "scatter", mode: "lines", name: data.border, x: panel.border[0],
          y: panel.border[1], line: { color: look.font.color, width: 1.5 }, hoverinfo: "skip",
          fill: "toself", fillcolor: theme.isDark() ? "#ffffff0a" : "#0000000a" },
        { type: "scatter", mode: "lines", showlegend: false, x: [-1, 1], y: [-1, 1],
          line: { color: look.line, width: 1, dash: "dash" }, hoverinfo: "skip" },
        ...panel.traces.filter((trace) => trace.path[0].length).map((trace) => ({
          type: "scatter", mode: "lines", showlegend: false, legendgroup: trace.name,
          x: trace.path[0], y: trace.path[1], hoverinfo: "skip", opacity: 0.7,
          line: { color: colours[trace.look], width: 1.5 },
        })),
        { type: "scatter", mode: "markers", showlegend: false, x: [panel.corner],
          y: [panel.corner], hoverinfo: "skip",
          marker: { symbol: "circle-open", size: 14, color: look.font.color } },
      ];
      const seeds = panel.traces.map((trace, place) => ({
        type: "scatter", mode: "markers", name: plotText(trace.name), legendgroup: trace.name,
        x: trace.points[0], y: trace.points[1], hoverinfo: "none",
        customdata: trace.seeds.map((_, index) => [place, index]),
        marker: { size: 9, opacity: 0.9, symbol: data.symbols[trace.look],
          color: colours[trace.look] },
      }));
      const axis = { range: [-0.3, 1.05], zeroline: true, zerolinecolor: look.line,
        gridcolor: look.line, showline: true, mirror: true, linecolor: look.line };
      Plotly.react(plot, [...lines, ...seeds], {
        font: look.font, paper_bgcolor: look.paper_bgcolor, plot_bgcolor: look.plot_bgcolor,
        margin: { l: 46, r: 8, t: 8, b: 42 }, hovermode: "closest", dragmode: "pan",
        legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
        xaxis: { ...axis, title: { text: plotText(data.axes[0]), standoff: 6 } },
        yaxis: { ...axis, title: { text: plotText(data.axes[1]), standoff: 6 },
          scaleanchor: "x", scaleratio: 1, constrain: "domain" },
      }, { responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false });
    }

    function element(point) {
      const { trace, seed, index } = point;
      const made = document.createElement("p");
      made.className = "item";
      const name = document.createElement("span");
      name.className = "class";
      name.textContent = `${trace.name}, seed ${seed}`;
      const values = document.createElement("span");
      values.textContent = `${data.axes[0]}: ${number(trace.points[0][index])}, ${data.axes[1]}: ` +
        `${number(trace.points[1][index])}; ${number(trace.share[index])} of the ceiling`;
      made.append(name, values);
      return made;
    }

    fillSelect(keySelect, data.choices[0].map(([, key, label]) => [key, label]));
    fillSelect(sizeSelect, data.choices[1].map(([, size, label]) => [size, label]));
    keySelect.addEventListener("change", draw);
    sizeSelect.addEventListener("change", draw);
    plot.classList.remove("empty");
    plot.textContent = "";
    draw();
    const read = ({ points: [found], event }) => {
      const [place, index] = found.customdata ?? [];
      const point = points.find((p) => p.place === place && p.index === index);
      if (!point) return;
      inspector.replaceChildren(element(point));
      if (event) showTip(element(point), event);
    };
    plot.on("plotly_hover", read);
    plot.on("plotly_click", read);
    plot.on("plotly_unhover", () => { tip.hidden = true; });
    plot.addEventListener("keydown", (event) => {
      const move = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
      if (!move || !points.length) return;
      event.preventDefault();
      walked = walked < 0 ? (move > 0 ? 0 : points.length - 1)
        : (walked + move + points.length) % points.length;
      inspector.replaceChildren(element(points[walked]));
    });
    theme.onChange(draw);
    explorer.dataset.ready = "true";
  });
}
