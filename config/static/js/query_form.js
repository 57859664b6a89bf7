// The form of a query, as it is filled in: the offenses of the reason, the timeframes that both allow, one's recent case
// references, and what is still missing. Without this script the server offers these by a button, and names what is missing.

const NEEDED = ["plate", "state", "reason", "case_reference", "timeframe", "for_whom"];
const NEEDED_AFTER = { timeframe: ["custom", ["date_from", "date_to"]], for_whom: ["other", ["other_name"]] };

class QueryForm {
  constructor(form) {
    this.form = form;
    this.offered = JSON.parse(form.dataset.offered);
    this.words = form.querySelector("[data-offered-words]");
    this.missing = form.querySelector("[data-missing]");
    for (const button of form.querySelectorAll("[data-without-script]")) button.remove();
    form.addEventListener("change", ({ target }) => this.changed(target));
    form.addEventListener("input", () => this.sayMissing());
    window.addEventListener("pageshow", () => this.changed(null));
    this.changed(null);
  }

  value(name) {
    const control = this.form.elements.namedItem(name);
    return control && !control.disabled ? control.value.trim() : "";
  }

  changed(target) {
    if (target?.name === "recent_case" && target.value) this.form.elements.namedItem("case_reference").value = target.value;
    this.offer();
    this.sayMissing();
  }

  offer() {
    const { offers, of } = this.offered;
    const reason = this.value("reason");
    this.show(this.form.elements.namedItem("offense"), (code) => !reason || `${reason} ${code}` in of);
    const number = of[`${reason} ${this.value("offense")}`] ?? of[`${reason} `];
    const [words, allowed] = number === undefined ? [null, null] : offers[number];
    if (words) this.words.textContent = words;
    this.show(this.form.elements.namedItem("timeframe"), (code) => !allowed || allowed.includes(code));
  }

  // Of a list only what fits can be chosen; a page of a person without criminal reasons has no list of offenses.
  show(list, fits) {
    for (const option of list?.options ?? []) option.hidden = option.disabled = option.value !== "" && !fits(option.value);
    if (list?.selectedOptions[0]?.disabled) list.value = "";
  }

  labelOf(name) {
    const control = this.form.elements.namedItem(name);
    const field = (control instanceof RadioNodeList ? control[0] : control).closest(".field");
    return field.querySelector(".field__label").firstChild.textContent.trim();
  }

  sayMissing() {
    const names = [...NEEDED];
    for (const [name, [answer, more]] of Object.entries(NEEDED_AFTER)) {
      if (this.value(name) === answer) names.push(...more);
    }
    const missing = names.filter((name) => !this.value(name)).map((name) => this.labelOf(name));
    const text = missing.length ? `Still missing: ${missing.join(", ")}.` : "Nothing is missing.";
    this.missing.hidden = false;
    // A screen reader says it again only when it changes.
    if (this.missing.textContent !== text) this.missing.textContent = text;
  }
}

document.querySelectorAll("[data-query-form]").forEach((form) => new QueryForm(form));
