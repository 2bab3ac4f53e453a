// How the chart looks. Colours are those of the page, also when its scheme changes.
const MONTH_S = 28 * 86400;
const OFFER_COLOURS = 5;
const OFFER_DASHES = [[1, 0], [10, 4], [4, 4], [10, 3, 2, 3]];

// The line of an offer, by its place among all of them: twenty differ.
const offerLine = (place) => ({
  name: `offer-${(place % OFFER_COLOURS) + 1}`,
  dash: OFFER_DASHES[place % OFFER_DASHES.length],
});

const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// By default hours are told as AM and PM, and the month before the day.
const TICKS = [
  [12 * MONTH_S, "{YYYY}", null, null, null, null, null, null, 1],
  [MONTH_S, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
];

const axis = (more) => ({
  stroke: () => colour("faint"),
  grid: { stroke: () => colour("line"), width: 1 },
  ticks: { stroke: () => colour("line"), width: 1, size: 4 },
  font: "13px system-ui, sans-serif",
  ...more,
});

// A price that lasts for one bucket alone would leave no line behind.
const aloneIn = (prices) =>
  prices.flatMap((price, i) =>
    price !== null && (prices[i - 1] ?? null) === null && (prices[i + 1] ?? null) === null ? [i] : [],
  );

const line = (name, width, paths, dash) => ({
  stroke: () => colour(name),
  width,
  dash,
  paths,
  points: {
    show: () => true,
    filter: (chart, index) => aloneIn(chart.data[index]),
    size: 2 * width + 1,
    fill: () => colour(name),
  },
});

const makeLines = (places) => {
  const paths = uPlot.paths.stepped({ align: 1, alignGaps: 1 });
  const edge = { paths, width: 0, points: { show: false } };
  const offers = places.map(offerLine).map(({ name, dash }) => line(name, 1.5, paths, dash));
  return [
    {},
    edge,
    edge,
    line("accent", 2.25, paths),
    line("mean", 1.5, paths, [7, 3]),
    line("median", 1.5, paths, [2, 3]),
    ...offers,
  ];
};

const makeHatch = (context) => {
  const size = 8 * uPlot.pxRatio;
  const tile = new OffscreenCanvas(size, size);
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour("hatch");
  pen.lineWidth = 1.5 * uPlot.pxRatio;
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, size + 1);
    pen.lineTo(shift + size + 1, -1);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
};

const paintStretches = (chart, stretches) => {
  const { ctx: context, bbox } = chart;
  context.save();
  context.beginPath();
  context.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  context.clip();
  for (const { kind, at, until } of stretches) {
    const left = chart.valToPos(at, "x", true);
    context.fillStyle = kind === UNKNOWN ? colour("unknown") : makeHatch(context);
    context.fillRect(left, bbox.top, chart.valToPos(until, "x", true) - left, bbox.height);
  }
  context.restore();
};

// By default a price that never moved is drawn between zero and twice as much.
const rangeOf = (_, low, high) => {
  if (low === null) {
    return [0, 100];
  }
  return low === high ? [low * 0.9, high * 1.1 || 1] : uPlot.rangeNum(low, high, 0.1, true);
};

// Wide enough for the longest price: half of one would be another.
const widthOf = (chart, prices, axis) => {
  const { font, gap, ticks } = chart.axes[axis];
  chart.ctx.save();
  chart.ctx.font = font[0];
  const widths = (prices ?? []).map((price) => chart.ctx.measureText(price).width / uPlot.pxRatio);
  chart.ctx.restore();
  return Math.max(72, Math.ceil(ticks.size + gap + Math.max(0, ...widths)));
};

const paintBand = () => `color-mix(in srgb, ${colour("accent")} 20%, transparent)`;

// `seen` gives what is shown now; `pointed` is called when the cursor moved.
const makeChart = (place, seen, pointed) => {
  const { trends, places } = seen();
  const options = {
    width: place.clientWidth,
    height: place.clientHeight,
    tzDate: (second) => uPlot.tzDate(new Date(second * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false }, points: { size: 7 } },
    padding: [12, null, 0, 0],
    scales: { x: { time: true }, y: { range: rangeOf } },
    axes: [
      axis({ values: TICKS, space: 64 }),
      axis({ values: (_, ticks) => ticks.map(tellPrice), size: widthOf }),
    ],
    series: makeLines(places),
    bands: [{ series: [2, 1], fill: paintBand }],
    hooks: {
      drawClear: [(chart) => paintStretches(chart, stretchesOf(seen().trends[0]))],
      setCursor: [pointed],
    },
  };
  return new uPlot(options, figuresOf(trends), place);
};
