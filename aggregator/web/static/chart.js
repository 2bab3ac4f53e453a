// Replaces the still chart by one that tells its figures, follows new data and takes more lines.
const plot = document.getElementById("plot");
const lines = document.getElementById("lines");
const tip = document.createElement("div");
const SVG = "http://www.w3.org/2000/svg";
const STEPS = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -10,
  PageDown: 10,
  Home: -Infinity,
  End: Infinity,
};

const MINUTE_MS = 60_000;

let chart;
let shown;
let asked = 0;

const chosenOffers = () =>
  [...lines.querySelectorAll("input")].flatMap((box, place) =>
    box.checked ? [{ id: box.value, name: box.dataset.name, place }] : [],
  );

const checkedAt = () => document.querySelector("#checked time")?.dateTime;

const trendUrl = () => document.getElementById("trend-data").href;

const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });

const showTip = ({ cursor }) => {
  const { idx, left } = cursor;
  const isOn = idx !== null && idx !== undefined && left >= 0;
  tip.hidden = !isOn;
  if (!isOn) {
    return;
  }
  const when = tellInstant(chart.data[0][idx]);
  const figures = tellFigures(shown.trends, shown.names, idx);
  const list = document.createElement("dl");
  list.append(...figures.flatMap(([name, told]) => [element("dt", name), element("dd", told)]));
  tip.replaceChildren(element("p", when), list);
  plot.setAttribute("aria-valuenow", idx);
  plot.setAttribute("aria-valuetext", [when, ...figures.map((pair) => pair.join(" "))].join(", "));

  const { left: inset, width } = chart.over.getBoundingClientRect();
  const x = inset - plot.getBoundingClientRect().left + left;
  const beside = left > width / 2 ? x - tip.offsetWidth - 12 : x + 12;
  tip.style.left = `${Math.max(0, Math.min(beside, plot.clientWidth - tip.offsetWidth))}px`;
};

const pointAt = (second) => {
  const left = chart.valToPos(second, "x");
  chart.setCursor({ left, top: chart.over.clientHeight / 2 });
};

const move = (step) => {
  const times = chart.data[0];
  const { min, max } = chart.scales.x;
  const outside = step > 0 ? -1 : times.length;
  const index = (tip.hidden ? outside : chart.cursor.idx) + step;
  const first = times.findIndex((time) => time >= min);
  const last = times.findLastIndex((time) => time <= max);
  pointAt(times[Math.max(first, Math.min(last, index))]);
};

const isZoomed = () => {
  const { min, max } = chart.scales.x;
  return min > chart.data[0][0] || max < chart.data[0].at(-1);
};

const resetZoom = () => {
  const times = chart.data[0];
  chart.setScale("x", { min: times[0], max: times.at(-1) });
};

// Neither zoom nor cursor shall notice that the figures, or the lines, are others now.
const draw = () => {
  const pointed = chart && !tip.hidden ? chart.data[0][chart.cursor.idx] : undefined;
  const { min, max } = chart?.scales.x ?? {};
  const zoom = chart && isZoomed() ? { min, max } : undefined;
  const drawn = shown.places.join();
  if (plot.dataset.drawn === drawn) {
    chart.setData(figuresOf(shown.trends), !zoom);
  } else {
    chart?.destroy();
    chart = makeChart(plot, () => shown, showTip);
    plot.dataset.drawn = drawn;
  }
  if (zoom) {
    chart.setScale("x", zoom);
  }
  if (pointed !== undefined) {
    pointAt(pointed);
  }
  plot.setAttribute("aria-valuemax", chart.data[0].length - 1);
};

// Only the last answer asked for counts.
const refresh = async () => {
  const mine = ++asked;
  const offers = chosenOffers();
  const state = { url: trendUrl(), checkedAt: checkedAt(), at: Date.now() };
  const trends = await askTrends(state.url, offers.map(({ id }) => id));
  if (mine !== asked) {
    return;
  }
  shown = {
    ...state,
    trends,
    names: ["Best", "Mean", "Median", ...offers.map(({ name }) => name)],
    places: offers.map(({ place }) => place),
  };
  showPlot();
  draw();
};

const showPlot = () => {
  document.getElementById("still").hidden = true;
  plot.hidden = lines.parentElement.hidden = false;
  for (const entry of document.querySelectorAll("#chart .scripted")) {
    entry.hidden = false;
  }
  document.querySelector("[data-legend]").textContent = "best";
};

const makeKey = (place) => {
  const { name, dash } = offerLine(place);
  const key = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  key.setAttribute("viewBox", "0 0 24 12");
  path.setAttribute("d", "M0 6H24");
  path.setAttribute("stroke-dasharray", dash.join(" "));
  path.style.stroke = `var(--${name})`;
  key.append(path);
  return key;
};

// A choice for each offer of the table, also for those that came meanwhile.
const listOffers = () => {
  for (const row of document.querySelectorAll("tr[id^='offer-']")) {
    const id = row.id.slice("offer-".length);
    if (!lines.querySelector(`input[value="${id}"]`)) {
      const place = lines.querySelectorAll("input").length;
      const box = Object.assign(document.createElement("input"), { type: "checkbox", value: id });
      box.dataset.name = row.querySelector("code").textContent;
      const label = document.createElement("label");
      label.append(box, makeKey(place), box.dataset.name);
      lines.append(label);
    }
  }
};

const quietly = (work) => () => work().catch(() => {});

// The page itself is kept up to date by live.js. A period that ends now goes on without a poll, too.
const followPage = () => {
  listOffers();
  const isDue = checkedAt() !== shown.checkedAt || Date.now() - shown.at > MINUTE_MS;
  if (isDue && trendUrl() !== shown.url) {
    Object.assign(shown, { checkedAt: checkedAt(), at: Date.now() });
    quietly(refresh)();
  }
};

const start = async () => {
  plot.setAttribute("role", "slider");
  plot.setAttribute("aria-label", "Instant in the chart: arrow keys move it");
  plot.setAttribute("aria-valuemin", 0);
  plot.setAttribute("aria-valuenow", 0);
  plot.tabIndex = 0;
  tip.className = "tip";
  tip.hidden = true;
  plot.append(tip);
  listOffers();
  await refresh();

  plot.addEventListener("keydown", (event) => {
    if (event.key in STEPS) {
      move(STEPS[event.key]);
      event.preventDefault();
    } else if (event.key === "Escape") {
      resetZoom();
      chart.setCursor({ left: -10, top: -10 });
    }
  });
  lines.addEventListener("change", quietly(refresh));
  new ResizeObserver(([{ contentRect }]) => chart.setSize(contentRect)).observe(plot);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => chart.redraw());
  const follower = new MutationObserver(followPage);
  const news = { subtree: true, childList: true, attributeFilter: ["datetime"] };
  for (const id of ["now", "offers"]) {
    follower.observe(document.getElementById(id), news);
  }
};

quietly(start)();
