// Street names, written along the streets on a canvas of their own, again after each move. A name is written where its
// street runs straight for long enough, and not where another already stands.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";
import { isStreet, rankOf } from "./map_streets.js";

const FONT = "600 12px 'Source Sans Pro Web', Helvetica, Arial, sans-serif";
const LINE_HEIGHT = 15;
const SAME_NAME_PIXELS = 260;
const FIRST_ZOOM_BY_RANK = [17, 15, 14, 13, 12];
const MOST_TURN = 0.35;

export const StreetNames = L.Layer.extend({
  initialize() {
    this.streets = [];
  },

  onAdd(map) {
    if (!map.getPane("names")) {
      const pane = map.createPane("names");
      pane.style.zIndex = 450;
      pane.style.pointerEvents = "none";
    }
    this.canvas = L.DomUtil.create("canvas", "map__labels", map.getPane("names"));
    this.canvas.setAttribute("aria-hidden", "true");
    map.on("moveend viewreset resize", this.draw, this);
    map.on("zoomstart", this.clear, this);
    this.draw();
  },

  onRemove(map) {
    map.off("moveend viewreset resize", this.draw, this);
    map.off("zoomstart", this.clear, this);
    this.canvas.remove();
  },

  show(features) {
    const named = features.filter((feature) => isStreet(feature) && feature.properties.name);
    this.streets = named.sort((a, b) => rankOf(b) - rankOf(a));
    if (this._map) this.draw();
  },

  clear() {
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
  },

  draw() {
    const size = this._map.getSize();
    const sharpness = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(this.canvas, this._map.containerPointToLayerPoint([0, 0]));
    this.canvas.width = size.x * sharpness;
    this.canvas.height = size.y * sharpness;
    this.canvas.style.width = `${size.x}px`;
    this.canvas.style.height = `${size.y}px`;
    const pen = this.canvas.getContext("2d");
    pen.scale(sharpness, sharpness);
    Object.assign(pen, { font: FONT, textAlign: "center", textBaseline: "middle", lineJoin: "round" });
    const taken = [];
    const zoom = this._map.getZoom();
    for (const street of this.streets) {
      if (zoom < FIRST_ZOOM_BY_RANK[rankOf(street)]) continue;
      for (const line of linesOf(street.geometry)) this.place(pen, taken, street.properties.name, line, size);
    }
  },

  place(pen, taken, name, line, size) {
    const points = line.map(([lon, lat]) => this._map.latLngToContainerPoint([lat, lon]));
    const needed = pen.measureText(name).width;
    const spot = straightSpot(points, needed + 12, size);
    if (!spot) return;
    const boxes = boxesAlong(spot, needed);
    const isFree = taken.every((other) => (other.name === name
      ? Math.hypot(other.x - spot.x, other.y - spot.y) > SAME_NAME_PIXELS
      : !other.boxes.some((a) => boxes.some((b) => Math.hypot(a.x - b.x, a.y - b.y) < LINE_HEIGHT))));
    if (!isFree) return;
    taken.push({ name, boxes, x: spot.x, y: spot.y });
    write(pen, name, spot);
  },
});

const linesOf = (geometry) => (geometry.type === "MultiLineString" ? geometry.coordinates
  : geometry.type === "LineString" ? [geometry.coordinates] : []);

// The longest nearly straight run that is in view and at least `needed` pixels long: its middle and its direction.
function straightSpot(points, needed, size) {
  let best = null;
  let from = 0;
  for (let to = 1; to < points.length; to += 1) {
    if (to - from > 1 && turn(points, from, to) > MOST_TURN) from = to - 1;
    const a = points[from];
    const b = points[to];
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    const x = (a.x + b.x) / 2;
    const y = (a.y + b.y) / 2;
    const inView = x > 20 && y > 12 && x < size.x - 20 && y < size.y - 12;
    if (inView && length >= needed && length > (best?.length ?? 0)) {
      best = { x, y, length, angle: Math.atan2(b.y - a.y, b.x - a.x) };
    }
  }
  return best;
}

function turn(points, from, to) {
  const first = Math.atan2(points[from + 1].y - points[from].y, points[from + 1].x - points[from].x);
  const last = Math.atan2(points[to].y - points[to - 1].y, points[to].x - points[to - 1].x);
  const difference = Math.abs(first - last) % (2 * Math.PI);
  return Math.min(difference, 2 * Math.PI - difference);
}

// The places that a name covers, as points one line height apart.
function boxesAlong({ x, y, angle }, width) {
  const count = Math.max(1, Math.ceil(width / LINE_HEIGHT));
  return Array.from({ length: count + 1 }, (_, index) => {
    const along = (index / count - 0.5) * width;
    return { x: x + along * Math.cos(angle), y: y + along * Math.sin(angle) };
  });
}

function write(pen, name, { x, y, angle }) {
  const upright = Math.abs(angle) > Math.PI / 2 ? angle + Math.PI : angle;
  pen.save();
  pen.translate(x, y);
  pen.rotate(upright);
  Object.assign(pen, { lineWidth: 3.5, strokeStyle: "rgba(255, 255, 255, 0.92)", fillStyle: "#3a4252" });
  pen.strokeText(name, 0, 0);
  pen.fillText(name, 0, 0);
  pen.restore();
}
