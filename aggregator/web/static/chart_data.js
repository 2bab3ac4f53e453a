// What the chart shows: asked of the API, and put into words.
const AGGREGATES = ["best", "mean", "median"];
const PRICED = "priced";
const SOLD_OUT = "sold out";
const UNKNOWN = "not known";

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const instants = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});

const tellPrice = (value) => numbers.format(value).replaceAll(",", "\u202f").replace("-", "\u2212");
const tellShare = (share) => `${numbers.format(share * 100)}\u202f%`;
const tellInstant = (second) => `${instants.format(second * 1000)} UTC`;

const askTrend = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status}`);
  }
  return answer.json();
};

// All over the same resolved period, so that their buckets are the same.
const askTrends = (url, offers) => {
  const urls = AGGREGATES.map((aggregate) => {
    const address = new URL(url);
    address.searchParams.set("aggregate", aggregate);
    return address;
  });
  for (const offer of offers) {
    const address = new URL(url);
    address.pathname = address.pathname.replace(/trend$/, `offers/${offer}/trend`);
    address.searchParams.delete("aggregate");
    urls.push(address);
  }
  return Promise.all(urls.map(askTrend));
};

const toSeconds = (instant) => Date.parse(instant) / 1000;

const kindOf = (bucket) => {
  if (bucket.coverage === 0) {
    return UNKNOWN;
  }
  return bucket.low === null ? SOLD_OUT : PRICED;
};

// A price at midnight says little of a week: from a day on it is the average.
const isExact = ({ interval }) => interval.startsWith("PT");

// The price of each bucket, at its very start or on average, and then that at the period's end.
// One that begins without a price has the one that it ends with, or else its lowest.
const pricesOf = (trend) => {
  const { series } = trend;
  const last = series.at(-1);
  return isExact(trend)
    ? [...series.map(({ open, close, low }) => open ?? close ?? low), last.close]
    : [...series.map(({ average }) => average), last.average];
};

const figuresOf = (trends) => {
  const { series } = trends[0];
  const lasting = (name) => [...series.map((bucket) => bucket[name]), series.at(-1)[name]];
  const times = [...series.map(({ at }) => toSeconds(at)), toSeconds(series.at(-1).until)];
  return [times, lasting("low"), lasting("high"), ...trends.map(pricesOf)];
};

// Neighbouring buckets of one kind as one stretch; those with a price are left out.
const stretchesOf = ({ series }) => {
  const stretches = [];
  for (const bucket of series) {
    const kind = kindOf(bucket);
    const last = stretches.at(-1);
    if (last?.kind === kind) {
      last.until = toSeconds(bucket.until);
    } else {
      stretches.push({ kind, at: toSeconds(bucket.at), until: toSeconds(bucket.until) });
    }
  }
  return stretches.filter(({ kind }) => kind !== PRICED);
};

// Everything known of a bucket, or of the period's end, as pairs of a name and a figure.
const tellFigures = (trends, names, index) => {
  const bucket = trends[0].series[index];
  const kind = bucket ? kindOf(bucket) : PRICED;
  const told = kind === PRICED ? [] : [["Price", kind]];
  trends.forEach((trend, i) => {
    const price = pricesOf(trend)[index];
    if (price !== null) {
      told.push([isExact(trend) ? names[i] : `${names[i]}, average`, tellPrice(price)]);
    }
  });
  if (kind === PRICED && bucket) {
    told.push(["Lowest", tellPrice(bucket.low)], ["Highest", tellPrice(bucket.high)]);
  }
  return bucket ? [...told, ["Known", tellShare(bucket.coverage)]] : told;
};
