// The page's frame: the menu on a phone, buttons that print, and forms that only hand something on. Without this script the
// menu is simply open, and a button sends the form.

for (const toggle of document.querySelectorAll("[data-menu]")) {
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    toggle.setAttribute("aria-expanded", String(toggle.getAttribute("aria-expanded") !== "true"));
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

document.querySelector("form[data-send-at-once]")?.requestSubmit();
