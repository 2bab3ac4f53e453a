// What was done is told once, and not again when the page is loaded anew.
addEventListener("load", () => {
  if (document.querySelector(".done:target")) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
});
