// Pins on the map: one for each read, numbered as in the list; near ones are one pin with their count until the map is close.
// Pins are buttons of the page, not pictures, so that the keyboard reaches them and no image address is needed.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";

const NEAR_PIXELS = 34;
const PIN_SIZE = 28;
const GROUP_SIZE = 36;
const CHOSEN_SIZE = 36;

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

  draw() {
    this.layer.clearLayers();
    for (const group of this.groups()) {
      if (group.places.length === 1) this.pin(group.places[0]);
      else this.group(group);
    }
    if (this.chosen) this.pin(this.chosen);
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
    const marker = this.marker(place.at, String(place.number), place.label, chosen ? CHOSEN_SIZE : PIN_SIZE,
      chosen ? "pin pin--chosen" : "pin");
    marker.on("click", () => this.onChoose(place));
    if (chosen) marker.setZIndexOffset(1000);
  }

  group({ places }) {
    const marker = this.marker(places[0].at, `×${places.length}`, `${places.length} reads near here`, GROUP_SIZE,
      "pin pin--group");
    marker.on("click", () => this.openGroup(places));
  }

  // Closer, while that parts them; many reads of one fixed camera never part, so then they are chosen one after the other.
  openGroup(places) {
    const bounds = L.latLngBounds(places.map((place) => place.at));
    const wanted = Math.min(this.map.getBoundsZoom(bounds.pad(0.2)), this.map.getMaxZoom());
    const apart = this.map.project(bounds.getNorthWest(), wanted).distanceTo(this.map.project(bounds.getSouthEast(), wanted));
    if (wanted > this.map.getZoom() && apart > NEAR_PIXELS) {
      this.map.fitBounds(bounds.pad(0.2));
      return;
    }
    const all = this.places.filter((place) => place === this.chosen || places.includes(place));
    this.onChoose(all[(all.indexOf(this.chosen) + 1) % all.length]);
  }

  marker(at, text, label, size, className) {
    const face = document.createElement("span");
    face.textContent = text;
    const icon = L.divIcon({ className, html: face, iconSize: [size, size] });
    const marker = L.marker(at, { icon, keyboard: true, alt: label, title: label }).addTo(this.layer);
    marker.getElement().setAttribute("aria-label", label);
    return marker;
  }
}
