// A place chosen on a map: a click, or the keyboard, sets latitude and longitude of the form around it.
//   <div class="map" data-map-pick data-streets-url=...></div>
// The arrow keys move the map under its middle, Enter takes the middle. Without this script the fields are all there is.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";
import { UNITED_STATES, makeMap } from "./map_base.js";

const USUAL_RADIUS_KM = 5;
const SHOWN = { color: "#1f5296", fillColor: "#1f5296", fillOpacity: 0.12, weight: 2, interactive: false };

class PlacePicker {
  constructor(container) {
    this.form = container.closest("form");
    this.map = makeMap(container, "Map to choose the place on", () => this.bounds());
    this.circle = null;
    const say = document.createElement("p");
    say.className = "map__note";
    say.textContent = "Click the map, or move it by the arrow keys and press Enter, to choose the place in its middle.";
    container.before(say);
    this.map.on("click", ({ latlng }) => this.choose(latlng));
    container.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== container) return;
      // Enter in a form would send it.
      event.preventDefault();
      this.choose(this.map.getCenter());
    });
    this.form.addEventListener("input", (event) => {
      if (["near_latitude", "near_longitude", "near_radius_km"].includes(event.target.name)) this.draw();
    });
    this.draw();
  }

  field(name) {
    return this.form.elements.namedItem(name);
  }

  number(name) {
    const text = this.field(name).value.trim();
    return text && Number.isFinite(Number(text)) ? Number(text) : null;
  }

  choose(at) {
    const place = at.wrap();
    this.field("near_latitude").value = place.lat.toFixed(6);
    this.field("near_longitude").value = place.lng.toFixed(6);
    this.field("near_address").value = "";
    if (!this.field("near_radius_km").value.trim()) this.field("near_radius_km").value = String(USUAL_RADIUS_KM);
    this.draw();
    this.form.dispatchEvent(new Event("input"));
  }

  draw() {
    this.circle?.remove();
    const [lat, lon] = [this.number("near_latitude"), this.number("near_longitude")];
    if (lat === null || lon === null || Math.abs(lat) > 90 || Math.abs(lon) > 180) return;
    const radius = 1000 * (this.number("near_radius_km") ?? USUAL_RADIUS_KM);
    this.circle = L.circle([lat, lon], { ...SHOWN, radius }).addTo(this.map);
  }

  bounds() {
    const [lat, lon] = [this.number("near_latitude"), this.number("near_longitude")];
    if (lat === null || lon === null) return L.latLngBounds(UNITED_STATES);
    return L.latLng(lat, lon).toBounds(4000 * (this.number("near_radius_km") ?? USUAL_RADIUS_KM));
  }
}

for (const container of document.querySelectorAll("[data-map-pick]")) {
  const folded = container.closest("details");
  if (!folded || folded.open) new PlacePicker(container);
  else folded.addEventListener("toggle", () => new PlacePicker(container), { once: true });
}
