// Decoding matrix and state trajectories: a network, a task, a stimulus and a frame are chosen.
for (const explorer of document.querySelectorAll(".explorer.states")) {
  whenVisible(explorer, async () => {
    const [Plotly, data] = await Promise.all([loadPlotly(), explorerData(explorer)]);
    const [matrixPlot, statePlot] = explorer.querySelectorAll(".plot");
    const inspector = explorer.querySelector(".inspector");
    const [networkSelect, taskSelect, stimulusSelect, frameSelect, kindSelect] =
      explorer.querySelectorAll("select");
    const settings = { responsive: true, displaylogo: false, displayModeBar: false };
    let task;

    const stimulus = () => Number(stimulusSelect.value);
    const frame = () => Number(frameSelect.value);
    const shown = (value) => (value === null ? "\u2013" : value.toFixed(3));
    const networkNow = () => data.networks.find((each) => each.name === networkSelect.value);

    function line(text, name) {
      const element = document.createElement(name ? "p" : "div");
      if (name) element.className = name;
      element.textContent = text;
      return element;
    }

    function inspect() {
      const value = task[kindSelect.value][stimulus()][frame()];
      const age = frame() - stimulus();
      const number = line(shown(value));
      number.className = "value";
      const when = age < 0 ? "it has not been shown yet"
        : age === 0 ? "it is shown at this frame (encoding)"
          : age === task.n ? `it is ${age} frames old: the network is asked about it now`
            : `it is ${age} frame${age > 1 ? "s" : ""} old${age > task.n ? ", no longer needed" : ""}`;
      inspector.replaceChildren(
        number, line(`balanced accuracy of ${task.feature}, chance 0.5`),
        line(`Stimulus ${stimulus() + 1} in the state of frame ${frame() + 1}: ${when}.`, "item"),
      );
    }

    function drawMatrix(look) {
      const cells = task[kindSelect.value];
      const steps = cells.length;
      const ticks = Array.from({ length: steps }, (_, place) => place);
      const names = ticks.map((place) => String(place + 1));
      const box = (x, y, colour, width) => ({
        type: "rect", x0: x - 0.5, x1: x + 0.5, y0: y - 0.5, y1: y + 0.5,
        line: { color: colour, width },
      });
      const asked = ticks.filter((place) => place + task.n < steps)
        .map((place) => box(place + task.n, place, "#D55E00", 1.5));
      Plotly.react(matrixPlot, [{
        type: "heatmap", z: cells, zmin: 0.5, zmax: 1, colorscale: "Viridis", hoverinfo: "none",
        xgap: 1, ygap: 1,
        colorbar: { thickness: 8, outlinewidth: 0, len: 0.9, x: 1.01 },
      }], {
        font: look.font, paper_bgcolor: look.paper_bgcolor, plot_bgcolor: look.plot_bgcolor,
        margin: { l: 44, r: 8, t: 8, b: 44 }, dragmode: false,
        shapes: [...asked, box(frame(), stimulus(), look.font.color, 3)],
        xaxis: { title: { text: "frame of the state", standoff: 4 }, tickvals: ticks,
          ticktext: names, showgrid: false, zeroline: false, fixedrange: true,
          range: [-0.5, steps - 0.5], constrain: "domain" },
        yaxis: { title: { text: "stimulus", standoff: 4 }, tickvals: ticks, ticktext: names,
          showgrid: false, zeroline: false, fixedrange: true, range: [steps - 0.5, -0.5],
          scaleanchor: "x" },
      }, settings);
    }

    function drawStates(look) {
      const colours = data.colours[theme.isDark() ? "dark" : "light"];
      const names = data.values[task.feature];
      const traces = [];
      const grey = look.line;
      for (const second of [1, 2]) {
        const axes = second === 1 ? { xaxis: "x", yaxis: "y" } : { xaxis: "x", yaxis: "y2" };
        names.forEach((name, value) => {
          const colour = colours[value % colours.length];
          const mean = task.means[stimulus()][value];
          const before = mean.slice(0, stimulus() + 1);
          const after = mean.slice(stimulus());
          const label = { name: plotText(name), legendgroup: String(value), hoverinfo: "none" };
          if (stimulus() > 0) {
            traces.push({ ...label, ...axes, type: "scatter", mode: "lines", showlegend: false,
              x: before.map((point) => point[0]), y: before.map((point) => point[second]),
              line: { color: grey, width: 1, dash: "dot" } });
          }
          traces.push({ ...label, ...axes, type: "scatter", mode: "lines+markers",
            showlegend: second === 1,
            x: after.map((point) => point[0]), y: after.map((point) => point[second]),
            line: { color: colour, width: 2 },
            marker: { color: colour, symbol: data.symbols[value % data.symbols.length],
              size: after.map((_, place) => (place + stimulus() === frame() ? 12 : 5)) } });
          const mine = task.labels
            .map((labels, trial) => (labels[stimulus()] === value ? trial : -1))
            .filter((trial) => trial >= 0);
          traces.push({ ...label, ...axes, type: "scatter", mode: "markers", showlegend: false,
            x: mine.map((trial) => task.points[trial][frame()][0]),
            y: mine.map((trial) => task.points[trial][frame()][second]),
            marker: { color: colour, size: 5, opacity: 0.45 } });
        });
      }
      const axis = { showgrid: false, zeroline: false, showticklabels: false, showline: true,
        mirror: true, linecolor: look.line, fixedrange: true };
      const component = (place) =>
        `PC ${place + 1} (${Math.round(100 * task.variance[place])}% of variance)`;
      const title = (place) => ({ text: component(place), font: { size: 11 }, standoff: 4 });
      Plotly.react(statePlot, traces, {
        font: look.font, paper_bgcolor: look.paper_bgcolor, plot_bgcolor: look.plot_bgcolor,
        margin: { l: 28, r: 8, t: 8, b: 32 }, dragmode: false, hovermode: false,
        legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 11 } },
        xaxis: { ...axis, title: title(0), anchor: "y2" },
        yaxis: { ...axis, title: title(1), domain: [0.52, 1] },
        yaxis2: { ...axis, title: title(2), domain: [0, 0.48] },
      }, settings);
    }

    function draw() {
      const look = plotColours();
      drawMatrix(look);
      drawStates(look);
      inspect();
    }

    function chooseTask() {
      task = networkNow().tasks.find((each) => each.name === taskSelect.value);
      draw();
    }

    function chooseNetwork() {
      fillSelect(taskSelect, networkNow().tasks.map((each) => [each.name, each.label]));
      chooseTask();
    }

    function choose(row, column) {
      const steps = task.across.length;
      stimulusSelect.value = String(Math.min(Math.max(row, 0), steps - 1));
      frameSelect.value = String(Math.min(Math.max(column, 0), steps - 1));
      draw();
    }

    const frames = Array.from({ length: data.steps }, (_, place) => [String(place), `${place + 1}`]);
    fillSelect(networkSelect, data.networks.map((each) => [each.name, each.label]));
    fillSelect(stimulusSelect, frames);
    fillSelect(frameSelect, frames);
    fillSelect(kindSelect, data.kinds);
    networkSelect.addEventListener("change", chooseNetwork);
    taskSelect.addEventListener("change", chooseTask);
    for (const select of [stimulusSelect, frameSelect, kindSelect]) {
      select.addEventListener("change", draw);
    }
    for (const plot of [matrixPlot, statePlot]) {
      plot.classList.remove("empty");
      plot.textContent = "";
    }
    chooseNetwork();
    matrixPlot.on("plotly_click", ({ points: [point] }) => choose(point.y, point.x));
    matrixPlot.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const move = step[event.key];
      if (!move) return;
      event.preventDefault();
      choose(stimulus() + move[0], frame() + move[1]);
    });
    theme.onChange(draw);
    explorer.dataset.ready = "true";
  });
}
