// Below the map: two sliders between which reads are shown, in the list and on the map. They walk from read to read, so that an
// arrow key moves by one whatever the time between two reads is. Without this script all reads of the page are shown.

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export class TimeSliders {
  // places: [{time, timeLabel, item}]; show(places): draws those that remain.
  constructor({ after, places, show }) {
    this.places = places;
    this.show = show;
    this.stops = stopsOf(places);
    if (this.stops.length < 2) return;
    const group = element("fieldset", "map__time no-print");
    group.append(element("legend", "map__time-title", "Reads shown, by time"));
    this.from = this.slider(group, "From", 0);
    this.until = this.slider(group, "To", this.stops.length - 1);
    this.said = element("output", "map__note");
    group.append(this.said);
    this.from.addEventListener("input", () => this.moved(this.from, this.until));
    this.until.addEventListener("input", () => this.moved(this.until, this.from));
    after.after(group);
    this.tell(this.places.length);
  }

  slider(group, name, value) {
    const row = element("p", "map__time-row");
    const label = element("label", "", name);
    const input = element("input");
    input.id = label.htmlFor = `map-time-${name.toLowerCase()}`;
    Object.assign(input, { type: "range", min: "0", max: String(this.stops.length - 1), step: "1" });
    input.value = String(value);
    // What it says is the slider's own text, so that it is spoken once.
    const moment = element("span", "map__time-moment");
    moment.setAttribute("aria-hidden", "true");
    row.append(label, input, moment);
    group.append(row);
    this.say(input);
    return input;
  }

  say(input) {
    const { label } = this.stops[Number(input.value)];
    input.setAttribute("aria-valuetext", label);
    if (input.nextSibling) input.nextSibling.textContent = label;
  }

  // One slider pushes the other before it.
  moved(moved, other) {
    if (Number(this.from.value) > Number(this.until.value)) other.value = moved.value;
    this.say(this.from);
    this.say(this.until);
    const first = this.stops[Number(this.from.value)].time;
    const last = this.stops[Number(this.until.value)].time;
    const shown = this.places.filter(({ time }) => time >= first && time <= last);
    for (const place of this.places) place.item.hidden = !shown.includes(place);
    this.show(shown);
    this.tell(shown.length);
  }

  tell(count) {
    this.said.textContent = `${count} of the ${this.places.length} reads of this page`;
  }
}

function stopsOf(places) {
  const stops = new Map();
  for (const { time, timeLabel } of places) {
    if (Number.isFinite(time)) stops.set(time, timeLabel);
  }
  return [...stops].sort(([a], [b]) => a - b).map(([time, label]) => ({ time, label }));
}
