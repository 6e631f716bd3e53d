// The similarity matrix: hover, tap or the arrow keys show two items and their similarity.
for (const explorer of document.querySelectorAll(".explorer.matrix")) {
  whenVisible(explorer, async () => {
    const [Plotly, data] = await Promise.all([loadPlotly(), explorerData(explorer)]);
    const plot = explorer.querySelector(".plot");
    const inspector = explorer.querySelector(".inspector");
    const [corpusSelect, autoencoderSelect, representationSelect] =
      explorer.querySelectorAll("select");
    const decoded = new Map();
    let rows, items;
    let cell = [0, 1];

    function inspect(i, j) {
      cell = [i, j];
      const value = document.createElement("div");
      value.className = "value";
      value.textContent = rows[i][j].toFixed(3).replace("-", "\u2212");
      const word = document.createElement("div");
      word.textContent = "cosine similarity of";
      inspector.replaceChildren(value, word, itemElement(items, i), itemElement(items, j));
    }

    function borders(n) {
      const found = [];
      for (let i = 1; i < n; i += 1) if (items.labels[i] !== items.labels[i - 1]) found.push(i - 0.5);
      return found;
    }

    function draw() {
      const record = data.matrices.find((m) =>
        m.corpus === corpusSelect.value && m.key === autoencoderSelect.value);
      items = data.items[record.items];
      const number = record.arrays[representationSelect.value];
      const [zmin, zmax] = record.ranges[representationSelect.value];
      if (!decoded.has(number)) {
        decoded.set(number, similarityRows(data.arrays[number], items.labels.length));
      }
      rows = decoded.get(number);
      const n = items.labels.length;
      const look = plotColours();
      const edges = [-0.5, ...borders(n), n - 0.5];
      const middles = edges.slice(1).map((edge, k) => (edge + edges[k]) / 2);
      const names = middles.map((middle) => plotText(items.names[items.labels[Math.round(middle)]]));
      const axis = {
        tickvals: middles, ticktext: names, showgrid: false, zeroline: false, ticks: "",
        range: [-0.5, n - 0.5], constrain: "domain",
      };
      const narrow = plot.clientWidth < 480;
      const shapes = edges.slice(1, -1).flatMap((edge) => [
        { type: "line", x0: edge, x1: edge, y0: -0.5, y1: n - 0.5 },
        { type: "line", y0: edge, y1: edge, x0: -0.5, x1: n - 0.5 },
      ]).map((shape) => ({ ...shape, line: { color: "rgba(255,255,255,0.75)", width: 1 } }));
      Plotly.react(plot, [{
        type: "heatmap", z: rows, zmin, zmax, colorscale: "Viridis",
        hoverinfo: "none",
        colorbar: narrow
          ? { orientation: "h", thickness: 8, outlinewidth: 0, y: -0.34, len: 1 }
          : { thickness: 10, outlinewidth: 0, len: 0.8, x: 1.01 },
      }], {
        font: look.font, paper_bgcolor: look.paper_bgcolor, plot_bgcolor: look.plot_bgcolor,
        margin: { l: 60, r: 8, t: 8, b: narrow ? 104 : 64 }, shapes, dragmode: "zoom",
        xaxis: { ...axis, tickangle: -90 },
        yaxis: { ...axis, range: [n - 0.5, -0.5], scaleanchor: "x" },
      }, { responsive: true, displaylogo: false, displayModeBar: false });
      inspect(Math.min(cell[0], n - 1), Math.min(cell[1], n - 1));
    }

    function fill() {
      const chosen = data.matrices.filter((m) => m.corpus === corpusSelect.value);
      fillSelect(autoencoderSelect, chosen.map((m) => [m.key, m.label]));
      draw();
    }
    fillSelect(corpusSelect, data.corpora.filter(([key]) =>
      data.matrices.some((m) => m.corpus === key)));
    fillSelect(representationSelect, data.representations);
    corpusSelect.addEventListener("change", fill);
    for (const select of [autoencoderSelect, representationSelect]) {
      select.addEventListener("change", draw);
    }
    plot.classList.remove("empty");
    plot.textContent = "";
    fill();
    plot.on("plotly_hover", ({ points: [point] }) => inspect(point.y, point.x));
    plot.on("plotly_click", ({ points: [point] }) => inspect(point.y, point.x));
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const move = step[event.key];
      if (!move) return;
      event.preventDefault();
      const n = items.labels.length;
      inspect((cell[0] + move[0] + n) % n, (cell[1] + move[1] + n) % n);
    });
    theme.onChange(draw);
    explorer.dataset.ready = "true";
  });
}
