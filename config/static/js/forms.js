// Fields that only matter after a certain answer:
//   <div data-shown-when="timeframe=custom"> ... </div>   <div data-shown-when="reason=CRIM,DRUG"> ... </div>
// The fields inside are hidden and not sent while the named field has another value. Without this script all are shown,
// and the server decides by the same answer.

function answerOf(form, name) {
  const control = form.elements.namedItem(name);
  return control ? control.value : "";
}

function follow(block) {
  const form = block.closest("form");
  const [name, wanted] = block.dataset.shownWhen.split("=");
  const answers = new Set(wanted.split(","));
  const update = () => {
    const shown = answers.has(answerOf(form, name));
    block.hidden = !shown;
    for (const control of block.querySelectorAll("input, select, textarea")) {
      control.disabled = !shown;
    }
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === name) update();
  });
  // A form that the browser filled in again after "back" has changed without an event.
  window.addEventListener("pageshow", update);
  update();
}

document.querySelectorAll("form [data-shown-when]").forEach(follow);

// After a refused form the reader starts at what has to be put right.
document.querySelector("[data-error-summary]")?.focus();
