// Looks at a file as soon as it is chosen or dropped, and shows the answers in place.

const form = document.getElementById("import");
const input = document.getElementById("file");
const busy = document.getElementById("busy");

form.querySelector(".dropping").hidden = false;
enhance();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.submitter?.value ?? "check");
});

input.addEventListener("change", () => {
  if (input.files.length) send("check");
});

document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  form.classList.add("over");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("over");
});

document.addEventListener("drop", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  form.classList.remove("over");
  if (form.ariaBusy === "true") return;
  if (event.dataTransfer.files.length !== 1) {
    tell("Drop one file at a time.");
    return;
  }
  input.files = event.dataTransfer.files;
  send("check");
});

async function send(step) {
  const [file] = input.files;
  if (!file) {
    tell("Choose a file first.");
    input.focus();
    return;
  }
  if (file.size > Number(form.dataset.maxBytes)) {
    tell(`${file.name} is too large. Split it and import the parts.`);
    return;
  }
  const body = new FormData(form);
  body.set("do", step);
  wait(true);
  tell(step === "check" ? `Checking ${file.name} …` : `Importing ${file.name} …`);
  try {
    const answer = await fetch(location.pathname, {
      method: "POST",
      headers: { Accept: "text/html" },
      body,
    });
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    tell("");
  } catch {
    tell("The server did not answer. Nothing may have been imported: check the file again.");
  } finally {
    wait(false);
  }
}

function show(page) {
  const result = page.getElementById("result");
  const old = document.getElementById("result");
  if (result) {
    old.replaceWith(result);
    enhance();
    result.focus();
  } else {
    // Another page than this one: an error, or a session that ended.
    document.querySelector("main").replaceWith(page.querySelector("main"));
    document.title = page.title;
  }
}

// The file is still chosen: nobody needs to do so again.
function enhance() {
  document.querySelector("#result .again")?.remove();
}

function wait(is) {
  form.ariaBusy = String(is);
  for (const button of document.querySelectorAll("button[name=do]")) button.disabled = is;
  input.disabled = is;
}

function tell(words) {
  busy.textContent = words;
}
