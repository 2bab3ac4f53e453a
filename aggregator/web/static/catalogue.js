// Shows what is searched for while it is typed. What is shown is live.js's part.

const TYPING_MS = 200;

const form = document.getElementById("choices");
let timer;

function ask() {
  clearTimeout(timer);
  const given = [...new FormData(form)].filter(([, value]) => value.trim());
  const query = String(new URLSearchParams(given));
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  document.dispatchEvent(new Event("live:refresh"));
}

document.body.classList.add("instant");
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, TYPING_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
