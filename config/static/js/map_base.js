// A map with its base layers: our own streets and state outlines, and tiles where they are configured. The container says what
// it is drawn from: data-streets-url, data-street-tiles, data-satellite-tiles, data-attribution.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";
import { StreetData } from "./map_data.js";
import { StreetLayer } from "./map_streets.js";
import { StreetNames } from "./map_names.js";
import { stateOutlines } from "./map_states.js";

const MAX_ZOOM = 19;
const TILES_END_AT = 16;
const CLOSE_ZOOM = 16;
export const UNITED_STATES = [[24.5, -125], [49.5, -66.5]];

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
  const { streetsUrl, streetTiles, satelliteTiles } = container.dataset;
  const note = below(container, "map__note", "");
  note.setAttribute("role", "status");
  note.hidden = true;
  const say = (text) => {
    note.textContent = text;
    note.hidden = !text;
  };
  const names = new StreetNames();
  const streets = new StreetLayer();
  const builtIn = L.layerGroup([stateOutlines(), streets]);
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

// name: what the map is called where it does not say so itself; bounds(): what it shows at first.
export function makeMap(container, name, bounds) {
  const map = L.map(container, {
    attributionControl: false, preferCanvas: true, minZoom: 3, maxZoom: MAX_ZOOM, worldCopyJump: true,
  });
  container.setAttribute("role", "region");
  if (!container.hasAttribute("aria-label")) container.setAttribute("aria-label", name);
  map.fitBounds(bounds(), { maxZoom: CLOSE_ZOOM, animate: false });
  L.control.scale({ imperial: true, metric: true, maxWidth: 120 }).addTo(map);
  if (container.dataset.attribution) below(container, "map__credit", container.dataset.attribution);
  addLayers(map, container);
  // A map that was laid out while hidden, or whose column changed, has to measure itself again.
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(container);
  return map;
}
