// Our own street layer, drawn from the streets that were loaded: GET <url>?bbox=west,south,east,north answers GeoJSON
// whose features have `kind` (street, building, park, water), `name` and `class`. From afar it asks with `detail=main`,
// for which the server may leave out buildings and small streets. Only our own server learns where one looks, and only
// to a hundredth of a degree.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";

const FIRST_ZOOM = 12;
const ALL_STREETS_ZOOM = 14;
const GRID = 100;
const AREAS = {
  water: { fillColor: "#bcd5e8", color: "#a7c5dd" },
  park: { fillColor: "#d3e5c6", color: "#c3d8b4" },
  building: { fillColor: "#e2dccf", color: "#cfc7b5" },
};
const AREA_ORDER = ["water", "park", "building"];
// OpenStreetMap's words and the classes of TIGER/Line, each from 0 (a path) to 4 (a motorway).
const RANKS = {
  motorway: 4, trunk: 4, S1100: 4, primary: 3, secondary: 3, S1200: 3, tertiary: 2, S1400: 1, residential: 1,
  unclassified: 1, living_street: 1, service: 0, footway: 0, path: 0, cycleway: 0, steps: 0, pedestrian: 0, track: 0,
  alley: 0, S1730: 0, S1740: 0, S1780: 0,
};
const FILLS = ["#ffffff", "#ffffff", "#ffffff", "#fff3cf", "#f9dc92"];
const CASINGS = ["#dcd6c9", "#cfc8ba", "#c2b9a8", "#cdb878", "#c09a3c"];
const EDGE = 1.6;
const BASE_WIDTHS = [1, 2.4, 3.4, 4.4, 5.6];

export const rankOf = (feature) => RANKS[String(feature.properties.class || "").replace(/_link$/, "")] ?? 1;

function width(rank, zoom) {
  return BASE_WIDTHS[rank] * 1.42 ** (zoom - 15);
}

export const StreetLayer = L.LayerGroup.extend({
  // url: where streets are asked for; names: the layer that writes their names; say: shows a sentence under the map.
  initialize({ url, names, say }) {
    L.LayerGroup.prototype.initialize.call(this, []);
    Object.assign(this, { url, names, say, loaded: null, asking: null });
  },

  onAdd(map) {
    L.LayerGroup.prototype.onAdd.call(this, map);
    if (!map.getPane("streets")) map.createPane("streets").style.zIndex = 220;
    this.renderer ??= L.canvas({ pane: "streets", padding: 0.3 });
    map.on("moveend", this.refresh, this);
    map.on("zoomend", this.restyle, this);
    this.refresh();
  },

  onRemove(map) {
    map.off("moveend", this.refresh, this);
    map.off("zoomend", this.restyle, this);
    this.say("");
    L.LayerGroup.prototype.onRemove.call(this, map);
  },

  async refresh() {
    if (!this.url) return;
    if (this._map.getZoom() < FIRST_ZOOM) {
      this.forget();
      this.say("Zoom in to see streets.");
      return;
    }
    this.say("");
    const view = this._map.getBounds();
    const detail = this._map.getZoom() < ALL_STREETS_ZOOM ? "main" : "all";
    if (this.loaded?.bounds.contains(view) && this.loaded.detail === detail) return;
    const bounds = roundedOut(view.pad(0.2));
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    try {
      const answer = await fetch(`${this.url}?bbox=${bboxOf(bounds)}&detail=${detail}`, { signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const collection = await answer.json();
      if (!signal.aborted && this._map) this.show(collection.features, { bounds, detail });
    } catch (problem) {
      if (problem.name !== "AbortError") this.say("Streets could not be loaded.");
    }
  },

  forget() {
    this.asking?.abort();
    this.loaded = null;
    this.clearLayers();
    this.names.show([]);
  },

  show(features, loaded) {
    this.clearLayers();
    this.loaded = loaded;
    const areas = features.filter((feature) => feature.properties.kind in AREAS);
    areas.sort((a, b) => AREA_ORDER.indexOf(a.properties.kind) - AREA_ORDER.indexOf(b.properties.kind));
    const streets = features.filter((feature) => feature.properties.kind === "street" && feature.geometry);
    streets.sort((a, b) => rankOf(a) - rankOf(b));
    const common = { interactive: false, pane: "streets", renderer: this.renderer };
    this.areas = L.geoJSON(areas, { ...common, style: (feature) => this.areaStyle(feature) }).addTo(this);
    // First the edges of all streets, then their surfaces: crossings look open.
    const edge = (street) => this.lineStyle(street, CASINGS, EDGE);
    const surface = (street) => this.lineStyle(street, FILLS, 0);
    this.casings = L.geoJSON(streets, { ...common, style: edge }).addTo(this);
    this.surfaces = L.geoJSON(streets, { ...common, style: surface }).addTo(this);
    this.names.show(streets);
  },

  restyle() {
    this.areas?.setStyle((feature) => this.areaStyle(feature));
    this.casings?.setStyle((feature) => this.lineStyle(feature, CASINGS, EDGE));
    this.surfaces?.setStyle((feature) => this.lineStyle(feature, FILLS, 0));
  },

  areaStyle(feature) {
    const hidden = feature.properties.kind === "building" && this._map.getZoom() < 15;
    const isArea = /Polygon/.test(feature.geometry.type);
    const shown = hidden ? 0 : 1;
    const look = AREAS[feature.properties.kind];
    return { ...look, weight: isArea ? 1 : 3, fill: isArea, fillOpacity: shown, opacity: shown };
  },

  lineStyle(feature, colors, extra) {
    const rank = rankOf(feature);
    return { color: colors[rank], weight: width(rank, this._map.getZoom()) + extra, fill: false, lineCap: "round" };
  },
});

function roundedOut(bounds) {
  const down = (degrees) => Math.floor(degrees * GRID) / GRID;
  const up = (degrees) => Math.ceil(degrees * GRID) / GRID;
  return L.latLngBounds(
    [down(bounds.getSouth()), down(bounds.getWest())], [up(bounds.getNorth()), up(bounds.getEast())],
  );
}

function bboxOf(bounds) {
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]
    .map((degrees) => degrees.toFixed(2)).join(",");
}
