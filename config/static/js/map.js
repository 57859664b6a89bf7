// The map beside a list of reads. The list carries the places, so that results travel once:
//   <div class="map" data-map data-streets-url="/map/streets/" data-street-tiles="" data-satellite-tiles=""
//        data-attribution=""></div>
//   <ol data-map-list><li data-read-id data-lat data-lon data-label tabindex="0"> ... </li></ol>
// A map of one place carries data-lat and data-lon itself. Without this script the list is all there is, and it is
// enough. Whatever comes from data goes into text nodes, never into HTML.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";
import { UNITED_STATES, makeMap } from "./map_base.js";
import { Pins } from "./map_pins.js";
import { TimeSliders } from "./map_time.js";

function placesOf(container) {
  const items = [...document.querySelectorAll("[data-map-list] [data-lat][data-lon]")];
  const sources = container.dataset.lat ? [container] : items;
  return sources
    .map((item, index) => ({
      id: item.dataset.readId || String(index),
      item: item === container ? null : item,
      number: index + 1,
      label: item.dataset.label || `Read ${index + 1}`,
      time: Date.parse(item.querySelector("time")?.dateTime ?? ""),
      timeLabel: item.querySelector("time")?.textContent ?? "",
      at: L.latLng(Number(item.dataset.lat), Number(item.dataset.lon)),
    }))
    .filter((place) => Number.isFinite(place.at.lat) && Number.isFinite(place.at.lng));
}

// Choosing in the list marks the pin, choosing a pin marks the list: by mouse, touch, Enter and Space.
function tie(places, pins) {
  const choose = (place, { scroll }) => {
    for (const other of places) {
      other.item?.classList.toggle("is-chosen", other === place);
      if (other === place) other.item?.setAttribute("aria-current", "true");
      else other.item?.removeAttribute("aria-current");
    }
    pins.choose(place);
    if (scroll) place.item?.scrollIntoView({ block: "nearest" });
  };
  pins.onChoose = (place) => choose(place, { scroll: true });
  for (const place of places) {
    place.item?.addEventListener("click", (event) => {
      if (!event.target.closest("a, button, input, label, select, textarea, summary")) choose(place, { scroll: false });
    });
    place.item?.addEventListener("keydown", (event) => {
      if (event.target !== place.item || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      choose(place, { scroll: false });
    });
  }
}

function start(container) {
  const places = placesOf(container);
  const bounds = places.length
    ? L.latLngBounds(places.map((place) => place.at)).pad(0.15)
    : L.latLngBounds(UNITED_STATES);
  const map = makeMap(container, "Map of the places listed", () => bounds);
  const pins = new Pins(map, places);
  tie(places, pins);
  pins.draw();
  if (places.every((place) => place.item)) {
    new TimeSliders({ after: container.parentElement.lastElementChild, places, show: (shown) => pins.show(shown) });
  }
}

document.querySelectorAll("[data-map]").forEach(start);
// On a narrow screen the map stands below the list: a link leads there.
for (const jump of document.querySelectorAll("[data-map-jump]")) jump.hidden = false;
