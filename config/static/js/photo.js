// A link to a photo, <a data-photo href="..." data-caption="...">, opens it in a dialog where it can be enlarged.
// Keys: + and - enlarge and reduce, 0 fits, arrows move, Escape closes. Two fingers enlarge and move, one moves. Without this
// script the link just opens.

const MAX_SCALE = 10;
const STEP = 1.4;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

class Viewer {
  constructor() {
    this.dialog = element("dialog", "viewer");
    this.caption = element("p", "viewer__caption");
    this.caption.id = "viewer-caption";
    this.dialog.setAttribute("aria-labelledby", this.caption.id);
    this.stage = element("div", "viewer__stage");
    const bar = element("div", "viewer__bar");
    bar.append(
      this.caption,
      this.button("−", "Reduce", () => this.zoom(1 / STEP)),
      this.button("+", "Enlarge", () => this.zoom(STEP)),
      this.button("Fit", "Fit to window", () => this.fit()),
      this.button("Close", "Close photo", () => this.dialog.close()),
    );
    this.dialog.append(bar, this.stage);
    this.pointers = new Map();
    this.listen();
    document.body.append(this.dialog);
  }

  button(text, name, action) {
    const made = element("button", "", text);
    made.type = "button";
    made.setAttribute("aria-label", name);
    made.title = name;
    made.addEventListener("click", action);
    return made;
  }

  listen() {
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    this.dialog.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "+" || event.key === "=") this.zoom(STEP);
      else if (event.key === "-") this.zoom(1 / STEP);
      else if (event.key === "0") this.fit();
      else if (event.key in moves) this.move(...moves[event.key]);
      else return;
      event.preventDefault();
    });
    // Nothing of the photo stays in the page after it is closed.
    this.dialog.addEventListener("close", () => this.stage.replaceChildren());
    this.stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? STEP : 1 / STEP, this.pointOf(event));
    }, { passive: false });
    this.stage.addEventListener("dblclick", (event) => this.zoom(STEP * STEP, this.pointOf(event)));
    this.stage.addEventListener("pointerdown", (event) => {
      this.stage.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, this.pointOf(event));
    });
    this.stage.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) {
      this.stage.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
  }

  open(link) {
    const image = element("img");
    image.alt = link.querySelector("img")?.alt || "";
    image.draggable = false;
    image.addEventListener("error", () => {
      this.stage.replaceChildren(element("p", "", "The photo could not be loaded. Open the results again."));
    });
    image.src = link.href;
    this.image = image;
    this.caption.textContent = link.dataset.caption || image.alt || "Photo";
    this.stage.replaceChildren(image);
    this.pointers.clear();
    this.dialog.showModal();
    this.fit();
  }

  pointOf(event) {
    const box = this.stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  fit() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.draw();
  }

  zoom(factor, at = { x: this.stage.clientWidth / 2, y: this.stage.clientHeight / 2 }) {
    const scale = Math.min(MAX_SCALE, Math.max(1, this.scale * factor));
    const real = scale / this.scale;
    this.x = at.x - (at.x - this.x) * real;
    this.y = at.y - (at.y - this.y) * real;
    this.scale = scale;
    this.draw();
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.draw();
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.pointOf(event);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    if (other) {
      const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      this.zoom(distance(now) / distance(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      // Two fingers that go the same way take the photo along.
      this.move((now.x - before.x) / 2, (now.y - before.y) / 2);
    } else {
      this.move(now.x - before.x, now.y - before.y);
    }
  }

  draw() {
    if (!this.image) return;
    // The enlarged photo always covers the window: it cannot be lost off the edge.
    const hold = (value, size) => Math.min(0, Math.max(size * (1 - this.scale), value));
    this.x = hold(this.x, this.stage.clientWidth);
    this.y = hold(this.y, this.stage.clientHeight);
    this.image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
  }
}

let viewer;

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-photo]") : null;
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  viewer ??= new Viewer();
  viewer.open(link);
});
