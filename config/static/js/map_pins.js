// Pins on the map: one for each read, numbered as in the list; near ones are one pin with their count, until one is
// close. Pins are buttons of the page, not pictures, so that the keyboard reaches them and no image address is needed.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";

const NEAR_PIXELS = 34;
const PIN_SIZE = 28;
const GROUP_SIZE = 36;
const CHOSEN_SIZE = 36;
// The chosen pin stands above its place, so that a pin of other reads at the same camera stays in sight.
const CHOSEN_LIFT = 30;

export class Pins {
  constructor(map, places) {
    this.map = map;
    this.places = places;
    this.layer = L.layerGroup().addTo(map);
    this.chosen = null;
    this.onChoose = () => {};
    map.on("zoomend", () => this.draw());
  }

  choose(place) {
    this.chosen = place;
    this.draw();
    if (!this.map.getBounds().pad(-0.05).contains(place.at)) this.map.panTo(place.at);
  }

  // Only these from now on. They are numbered anew, as the list numbers what is left of it.
  show(places) {
    places.forEach((place, index) => { place.number = index + 1; });
    this.places = places;
    if (!places.includes(this.chosen)) this.chosen = null;
    this.draw();
  }

  // The pins are made anew; a reader who was on one by keyboard goes on from the chosen one, or from the map.
  draw() {
    const hadFocus = document.activeElement?.classList.contains("pin");
    this.layer.clearLayers();
    for (const group of this.groups()) {
      if (group.places.length === 1) this.pin(group.places[0]);
      else this.group(group);
    }
    const chosen = this.chosen ? this.pin(this.chosen) : null;
    if (hadFocus) (chosen?.getElement() ?? this.map.getContainer()).focus({ preventScroll: true });
  }

  // Greedy and in the list's order, so that the same list always gives the same pins.
  groups() {
    const groups = [];
    for (const place of this.places) {
      if (place === this.chosen) continue;
      const point = this.map.project(place.at);
      const near = groups.find((group) => group.point.distanceTo(point) < NEAR_PIXELS);
      if (near) near.places.push(place);
      else groups.push({ point, places: [place] });
    }
    return groups;
  }

  pin(place) {
    const chosen = place === this.chosen;
    const look = chosen ? [CHOSEN_SIZE, "pin pin--chosen", CHOSEN_LIFT] : [PIN_SIZE, "pin"];
    const marker = this.marker(place.at, String(place.number), `${place.number}: ${place.label}`, ...look);
    whenUsed(marker, () => this.onChoose(place));
    if (chosen) marker.setZIndexOffset(1000);
    return marker;
  }

  group({ places }) {
    const marker = this.marker(places[0].at, `×${places.length}`, `×${places.length}: reads near here`, GROUP_SIZE,
      "pin pin--group");
    whenUsed(marker, () => this.openGroup(places));
  }

  // Closer, while that parts them. Many reads of one fixed camera never part: those are chosen one after the other.
  openGroup(places) {
    const bounds = L.latLngBounds(places.map((place) => place.at));
    const wanted = Math.min(this.map.getBoundsZoom(bounds.pad(0.2)), this.map.getMaxZoom());
    const corner = this.map.project(bounds.getNorthWest(), wanted);
    const apart = corner.distanceTo(this.map.project(bounds.getSouthEast(), wanted));
    if (wanted > this.map.getZoom() && apart > NEAR_PIXELS) {
      this.map.fitBounds(bounds.pad(0.2));
      return;
    }
    const all = this.places.filter((place) => place === this.chosen || places.includes(place));
    this.onChoose(all[(all.indexOf(this.chosen) + 1) % all.length]);
  }

  marker(at, text, label, size, className, lift = 0) {
    const face = document.createElement("span");
    face.textContent = text;
    const anchor = [size / 2, size / 2 + lift];
    const icon = L.divIcon({ className, html: face, iconSize: [size, size], iconAnchor: anchor });
    const marker = L.marker(at, { icon, keyboard: true, alt: label, title: label }).addTo(this.layer);
    marker.getElement().setAttribute("aria-label", label);
    return marker;
  }
}

// Leaflet's markers take the focus and are called buttons, but know no key.
function whenUsed(marker, action) {
  marker.on("click", action);
  marker.on("keydown", ({ originalEvent }) => {
    if (originalEvent.key !== "Enter" && originalEvent.key !== " ") return;
    originalEvent.preventDefault();
    action();
  });
}
