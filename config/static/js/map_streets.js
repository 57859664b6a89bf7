// Our own street layer: parks, water, buildings and streets drawn from GeoJSON on one canvas, wider when closer.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";

const BUILDINGS_ZOOM = 15;
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

export const isStreet = (feature) => feature.properties.kind === "street";
export const rankOf = (street) => RANKS[String(street.properties.class || "").replace(/_link$/, "")] ?? 1;

const width = (rank, zoom) => BASE_WIDTHS[rank] * 1.42 ** (zoom - 15);

export const StreetLayer = L.LayerGroup.extend({
  initialize() {
    L.LayerGroup.prototype.initialize.call(this, []);
    this.drawn = [];
    this.features = [];
  },

  onAdd(map) {
    if (!map.getPane("streets")) map.createPane("streets").style.zIndex = 220;
    this.renderer ??= L.canvas({ pane: "streets", padding: 0.3 });
    map.on("zoomend", this.restyle, this);
    L.LayerGroup.prototype.onAdd.call(this, map);
    this.show(this.features);
  },

  onRemove(map) {
    map.off("zoomend", this.restyle, this);
    L.LayerGroup.prototype.onRemove.call(this, map);
  },

  show(features) {
    this.features = features;
    if (!this._map) return;
    this.clearLayers();
    const areas = features.filter((feature) => feature.properties.kind in AREAS);
    areas.sort((a, b) => AREA_ORDER.indexOf(a.properties.kind) - AREA_ORDER.indexOf(b.properties.kind));
    const streets = features.filter(isStreet).sort((a, b) => rankOf(a) - rankOf(b));
    // First the edges of all streets, then their surfaces: crossings look open.
    this.drawn = [
      [areas, (area) => this.areaStyle(area)],
      [streets, (street) => this.lineStyle(street, CASINGS, EDGE)],
      [streets, (street) => this.lineStyle(street, FILLS, 0)],
    ].map(([shown, style]) => {
      const layer = L.geoJSON(shown, { interactive: false, pane: "streets", renderer: this.renderer, style });
      return { layer: layer.addTo(this), style };
    });
  },

  restyle() {
    for (const { layer, style } of this.drawn) layer.setStyle(style);
  },

  areaStyle({ properties, geometry }) {
    const shown = properties.kind !== "building" || this._map.getZoom() >= BUILDINGS_ZOOM ? 1 : 0;
    const isArea = /Polygon/.test(geometry.type);
    return { ...AREAS[properties.kind], weight: isArea ? 1 : 3, fill: isArea, fillOpacity: shown, opacity: shown };
  },

  lineStyle(street, colors, extra) {
    const rank = rankOf(street);
    return { color: colors[rank], weight: width(rank, this._map.getZoom()) + extra, fill: false, lineCap: "round" };
  },
});
