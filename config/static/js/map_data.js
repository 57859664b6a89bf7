// The streets that were loaded, for the part of the map in view: GET <url>?bbox=west,south,east,north answers GeoJSON
// whose features have `kind` (street, building, park, water), `name` and `class`. From afar it asks with `detail=main`,
// for which the server may leave out buildings and small streets. Only our own server learns where one looks, and only
// to a hundredth of a degree.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";

const FIRST_ZOOM = 12;
const ALL_STREETS_ZOOM = 14;
const GRID = 100;

export class StreetData {
  // layers: each has show(features) and is asked for only while one of them is on the map; say: writes under the map.
  constructor({ map, url, layers, say }) {
    Object.assign(this, { map, url, layers, say, loaded: null, asking: null });
    if (url) map.on("moveend baselayerchange", () => this.refresh());
  }

  async refresh() {
    const { map } = this;
    const isWanted = this.layers.some((layer) => map.hasLayer(layer));
    const isFar = map.getZoom() < FIRST_ZOOM;
    this.say(isWanted && isFar ? "Zoom in to see streets." : "");
    if (isFar) this.show([], null);
    if (isFar || !isWanted || !this.url) return;
    const view = map.getBounds();
    const detail = map.getZoom() < ALL_STREETS_ZOOM ? "main" : "all";
    if (this.loaded?.detail === detail && this.loaded.bounds.contains(view)) return;
    await this.ask(roundedOut(view.pad(0.2)), detail);
  }

  async ask(bounds, detail) {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    try {
      const answer = await fetch(`${this.url}?bbox=${bboxOf(bounds)}&detail=${detail}`, { signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const { features } = await answer.json();
      if (!signal.aborted) this.show(features.filter((feature) => feature.geometry), { bounds, detail });
    } catch (problem) {
      if (problem.name !== "AbortError") this.say("Streets could not be loaded.");
    }
  }

  show(features, loaded) {
    if (!loaded) this.asking?.abort();
    this.loaded = loaded;
    for (const layer of this.layers) layer.show(features);
  }
}

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
