// The map beside a list of reads. The list carries the places, so that results travel once:
//   <div class="map" data-map data-streets-url="/map/streets/" data-street-tiles="" data-satellite-tiles=""
//        data-attribution=""></div>
//   <ol data-map-list><li data-read-id data-lat data-lon data-label tabindex="0"> ... </li></ol>
// A map of one place carries data-lat and data-lon itself. Without this script the list is all there is, and it is
// enough. Whatever comes from data goes into text nodes, never into HTML.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";
import { StreetData } from "./map_data.js";
import { Pins } from "./map_pins.js";
import { StreetLayer } from "./map_streets.js";
import { StreetNames } from "./map_names.js";
import { stateOutlines } from "./map_states.js";

const MAX_ZOOM = 19;
const TILES_END_AT = 16;
const CLOSE_ZOOM = 16;
const UNITED_STATES = [[24.5, -125], [49.5, -66.5]];

function below(container, className, text) {
  const line = document.createElement("p");
  line.className = className;
  line.textContent = text;
  container.after(line);
  return line;
}

function tiles(template) {
  return L.tileLayer(template, { maxNativeZoom: TILES_END_AT, maxZoom: MAX_ZOOM, attribution: "" });
}

// The layers that can be chosen: real streets where tiles are configured, always our own, and the satellite.
function addLayers(map, container) {
  const { streetsUrl, statesUrl, streetTiles, satelliteTiles } = container.dataset;
  const note = below(container, "map__note", "");
  note.setAttribute("role", "status");
  note.hidden = true;
  const say = (text) => {
    note.textContent = text;
    note.hidden = !text;
  };
  const names = new StreetNames();
  const streets = new StreetLayer();
  const builtIn = L.layerGroup([stateOutlines(statesUrl), streets]);
  const bases = {};
  if (streetTiles) bases["Street map"] = tiles(streetTiles);
  bases["Built-in streets"] = builtIn;
  if (satelliteTiles) bases.Satellite = tiles(satelliteTiles);
  Object.values(bases)[0].addTo(map);
  map.on("baselayerchange", ({ layer }) => {
    // A satellite picture has no names of its own: the built-in ones are drawn over it.
    if (layer === bases["Street map"]) names.remove();
    else names.addTo(map);
  });
  if (!streetTiles) names.addTo(map);
  if (Object.keys(bases).length > 1) L.control.layers(bases, {}, { collapsed: false }).addTo(map);
  // After the names have followed the chosen layer, so that it is known whether streets are wanted.
  new StreetData({ map, url: streetsUrl, layers: [streets, names], say }).refresh();
  if (!satelliteTiles) below(container, "map__note", "No satellite layer is configured.");
}

function placesOf(container) {
  const items = [...document.querySelectorAll("[data-map-list] [data-lat][data-lon]")];
  const sources = container.dataset.lat ? [container] : items;
  return sources
    .map((item, index) => ({
      id: item.dataset.readId || String(index),
      item: item === container ? null : item,
      number: index + 1,
      label: item.dataset.label || `Read ${index + 1}`,
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
  const map = L.map(container, {
    attributionControl: false, preferCanvas: true, minZoom: 3, maxZoom: MAX_ZOOM, worldCopyJump: true,
  });
  container.setAttribute("role", "region");
  if (!container.hasAttribute("aria-label")) container.setAttribute("aria-label", "Map of the places listed");
  const bounds = places.length
    ? L.latLngBounds(places.map((place) => place.at)).pad(0.15)
    : L.latLngBounds(UNITED_STATES);
  map.fitBounds(bounds, { maxZoom: CLOSE_ZOOM, animate: false });
  L.control.scale({ imperial: true, metric: true, maxWidth: 120 }).addTo(map);
  if (container.dataset.attribution) below(container, "map__credit", container.dataset.attribution);
  addLayers(map, container);
  const pins = new Pins(map, places);
  tie(places, pins);
  pins.draw();
  // A map that was laid out while hidden, or whose column changed, has to measure itself again.
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(container);
}

document.querySelectorAll("[data-map]").forEach(start);
