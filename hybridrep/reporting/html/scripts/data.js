// The explorers' data and plotly.js travel inside the page as gzip in base64 and are unpacked
// when an explorer first comes into view.
const unpack = async (id) => {
  const packed = atob(document.getElementById(id).textContent.trim());
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
};

// Both explorers of a study draw from the same data, which is unpacked once.
const explorerData = (() => {
  const promises = new Map();
  return ({ dataset: { from } }) => {
    if (!promises.has(from)) promises.set(from, unpack(from).then(JSON.parse));
    return promises.get(from);
  };
})();

const loadPlotly = (() => {
  let promise;
  // plotly.js runs as an inline script whose hash stands in the page's security policy
  const run = async () => {
    const script = document.createElement("script");
    script.textContent = await unpack("plotly");
    document.head.append(script);
    if (!window.Plotly) throw new Error("plotly.js did not start");
    return window.Plotly;
  };
  return () => (promise ??= run());
})();

// Lower triangle, row by row, in thousandths: first all low bytes, then all high bytes.
function similarityRows(packed, items) {
  const bytes = atob(packed);
  const count = bytes.length / 2;
  const rows = Array.from({ length: items }, () => new Float32Array(items));
  let place = 0;
  for (let i = 0; i < items; i += 1) {
    for (let j = 0; j <= i; j += 1, place += 1) {
      const word = bytes.charCodeAt(place) | (bytes.charCodeAt(count + place) << 8);
      rows[i][j] = rows[j][i] = ((word << 16) >> 16) / 1000;
    }
  }
  return rows;
}

function whenVisible(element, action) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    action().catch((error) => {
      const plot = element.querySelector(".plot");
      plot.classList.add("empty");
      plot.textContent = `This view could not start (${error.message}). The figures show the same.`;
    });
  }, { rootMargin: "400px" });
  observer.observe(element);
}

function fillSelect(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, label]) => new Option(label, value)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

// A study's text is only ever written as text, never as markup.
function itemElement(items, index) {
  const element = document.createElement("p");
  element.className = "item";
  const name = document.createElement("span");
  name.className = "class";
  name.textContent = `${items.names[items.labels[index]]}, ${items.noun} ${index + 1}`;
  element.append(name);
  if (items.texts) {
    const text = document.createElement("bdi");
    text.textContent = items.texts[index];
    element.append(text);
  }
  return element;
}

// plotly.js reads some markup in its texts: a class's name is none.
const plotText = (name) => name.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

function plotColours() {
  const style = getComputedStyle(document.documentElement);
  const dark = theme.isDark();
  return {
    font: { family: style.getPropertyValue("--sans"), size: 12, color: dark ? "#e8e6e1" : "#1c1f26" },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    line: dark ? "#3a404b" : "#d5d8de",
  };
}
