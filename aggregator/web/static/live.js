// Keeps pages up to date: every element with an id and `data-live` is refreshed in place out of a
// fresh copy of the page, and every `<time data-age>` tells its age anew each second.
// Who changes the address dispatches `live:refresh` at the document, and need not wait.

const EVERY_MS = 5_000;
const AT_MOST_MS = 60_000;
const PATIENCE_MS = 10_000;
const FLASH_MS = 2_000;
const FIELDS = "input, select, textarea";
// Attributes that people change by hand.
const THEIRS = new Set(["value", "checked", "open"]);
const PASSING = "Not updating at the moment. Trying again.";
const GONE = "This is in the catalogue no more. Here is how it was last.";
const SIGNED_OUT = "Not updating: you are signed in no more. Reload the page to sign in.";
// Seconds up to which an age is told in a unit, that unit's seconds, and its sign.
const UNITS = [
  [120, 1, "s"],
  [120 * 60, 60, "min"],
  [48 * 3600, 3600, "h"],
  [Infinity, 86400, "days"],
];

let clockAhead = 0;
let failures = 0;
let trouble;
let timer;
let asking;

// Ask for a fresh copy of the page; only the last answer asked for counts.
async function refresh(showChanges) {
  clearTimeout(timer);
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const fresh = await fetchPage(mine.signal);
    if (mine !== asking) return;
    show(fresh, showChanges);
    failures = 0;
  } catch {
    if (mine !== asking) return;
    failures += 1;
  }
  tellTrouble();
  schedule();
}

function goOn() {
  if (document.hidden) clearTimeout(timer);
  else if (document.querySelector("[data-live]")) refresh(true);
}

async function fetchPage(aborted) {
  const signal = AbortSignal.any([aborted, AbortSignal.timeout(PATIENCE_MS)]);
  trouble = PASSING;
  const response = await fetch(location.href, { signal, cache: "no-store" });
  if (response.redirected) trouble = SIGNED_OUT;
  if (response.status === 404) trouble = GONE;
  // A page also says what is wrong with what was asked.
  if (!response.ok && response.status !== 422) throw new Error(`status ${response.status}`);
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!fresh.querySelector("[data-live]")) throw new Error("another page");
  return fresh;
}

function schedule() {
  clearTimeout(timer);
  if (document.hidden || !document.querySelector("[data-live]")) return;
  timer = setTimeout(refresh, Math.min(EVERY_MS * 2 ** failures, AT_MOST_MS), true);
}

function show(fresh, showChanges) {
  const focused = document.activeElement;
  const changed = new Set();
  for (const element of document.querySelectorAll("[data-live][id]")) {
    const copy = fresh.getElementById(element.id);
    if (copy) update(element, copy, changed);
  }
  // An element that was moved has lost the focus.
  if (focused?.isConnected && focused !== document.activeElement) {
    focused.focus({ preventScroll: true });
  }
  readClock(fresh);
  tellAges();
  if (showChanges) changed.forEach(flash);
}

function update(element, copy, changed) {
  if (element.isEqualNode(copy)) return;
  if (element.nodeType === Node.TEXT_NODE) {
    if (element.data.trim() !== copy.data.trim()) changed.add(element.parentElement);
    element.data = copy.data;
  } else if (element.nodeType === Node.ELEMENT_NODE) {
    updateAttributes(element, copy);
    if (element.matches("time[data-age]")) element.textContent = copy.textContent;
    else if (!element.matches(FIELDS)) updateChildren(element, copy, changed);
  }
}

function updateAttributes(element, copy) {
  for (const { name } of [...element.attributes]) {
    if (!copy.hasAttribute(name) && !THEIRS.has(name)) element.removeAttribute(name);
  }
  for (const { name, value } of copy.attributes) {
    if (element.getAttribute(name) !== value && !THEIRS.has(name)) element.setAttribute(name, value);
  }
}

// Children with an id are matched by it, wherever they were; others by their place between them.
function updateChildren(element, copy, changed) {
  const byId = new Map([...element.children].filter((child) => child.id).map((child) => [child.id, child]));
  let next = element.firstChild;
  for (const wanted of [...copy.childNodes]) {
    const match = wanted.id ? byId.get(wanted.id) : isAlike(next, wanted) ? next : undefined;
    if (match && match === next) next = next.nextSibling;
    else element.insertBefore(match ?? document.importNode(wanted, true), next);
    if (match) update(match, wanted, changed);
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

function isAlike(node, wanted) {
  return node && !node.id && node.nodeName === wanted.nodeName;
}

function flash(element) {
  element.classList.add("changed");
  setTimeout(() => element.classList.remove("changed"), FLASH_MS);
}

function tellTrouble() {
  const told = document.getElementById("not-updating");
  if (!failures) {
    told?.remove();
  } else if (told?.textContent !== trouble) {
    const note = told ?? document.createElement("p");
    note.id = note.className = "not-updating";
    note.setAttribute("role", "status");
    note.textContent = trouble;
    document.querySelector("main").append(note);
  }
}

function readClock(page) {
  const now = page.querySelector("[data-now]")?.dataset.now;
  if (now) clockAhead = Date.parse(now) - Date.now();
}

function tellAges() {
  const now = Date.now() + clockAhead;
  for (const time of document.querySelectorAll("time[data-age]")) {
    const seconds = Math.max(0, (now - Date.parse(time.dateTime)) / 1000);
    const [, unit, sign] = UNITS.find(([limit]) => seconds < limit);
    const told = `${Math.floor(seconds / unit)} ${sign} ago`;
    if (time.textContent !== told) time.textContent = told;
  }
}

readClock(document);
setInterval(tellAges, 1_000);
schedule();
document.addEventListener("live:refresh", () => refresh(false));
document.addEventListener("visibilitychange", goOn);
addEventListener("online", goOn);
