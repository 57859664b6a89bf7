// The outline of the states, from a file of our own: land and borders from afar, thin lines when close.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";
import feature from "../vendor/topojson-client/feature.js";

const FAR_ZOOM = 9;
const OUTLINES = new URL("../vendor/us-atlas/states-10m.json", import.meta.url);

const isFar = (map) => map.getZoom() < FAR_ZOOM;

// At ten million to one the coast is rough: land is filled only from afar, where that does not show.
function styleFor(map) {
  return isFar(map)
    ? { color: "#8795a9", weight: 1, dashArray: null, fill: true, fillColor: "#f7f5f0", fillOpacity: 1 }
    : { color: "#9a8fb0", weight: 1.5, dashArray: "6 5", fill: false };
}

export function stateOutlines() {
  const group = L.layerGroup();
  let outlines = null;
  const restyle = ({ target }) => {
    target.getContainer().classList.toggle("map--far", isFar(target));
    outlines?.setStyle(styleFor(target));
  };
  group.on("add", async () => {
    const map = group._map;
    restyle({ target: map });
    map.on("zoomend", restyle);
    if (outlines) return;
    // Without the outlines the map is poorer, and works.
    const answer = await fetch(OUTLINES).catch(() => null);
    if (!answer?.ok) return;
    const topology = await answer.json();
    map.createPane("states").style.zIndex = 210;
    outlines = L.geoJSON(feature(topology, topology.objects.states), {
      interactive: false, pane: "states", renderer: L.canvas({ pane: "states", padding: 0.3 }), style: styleFor(map),
    }).addTo(group);
  });
  group.on("remove", () => {
    group._map.off("zoomend", restyle);
    group._map.getContainer().classList.remove("map--far");
  });
  return group;
}
