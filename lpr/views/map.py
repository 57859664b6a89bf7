"""What the map is drawn from: our own streets, and tiles through our own cache (RES-2). Neither tells a third party anything."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from accounts import problems
from accounts.roles import Right, may
from lpr import map_streets, map_tiles

AN_HOUR = "private, max-age=3600"


@require_GET
def streets(request: HttpRequest) -> HttpResponse:
    """GeoJSON of a part of the map: `?bbox=west,south,east,north`, and `detail=main` for the larger streets alone."""
    _refuse_who_sees_no_map(request)
    try:
        area = map_streets.box(request.GET.get("bbox", ""))
    except map_streets.BoxNotValid as refusal:
        return problems.answer(400, detail=str(refusal))
    found = map_streets.collection(area, main_only=request.GET.get("detail") == "main")
    return JsonResponse(found, headers={"Cache-Control": AN_HOUR}, content_type="application/geo+json")


@require_GET
def tile(request: HttpRequest, layer: str, z: int, y: int, x: int) -> HttpResponse:
    """A tile of a configured layer; 404 where none is configured, 502 where the tile server fails."""
    _refuse_who_sees_no_map(request)
    try:
        found = map_tiles.tile(layer=layer, zoom=z, row=y, column=x)
    except map_tiles.NoSuchTile as refusal:
        raise Http404 from refusal
    except map_tiles.TileNotFetched:
        return HttpResponse(status=502, content_type="text/plain")
    return HttpResponse(found.content, content_type=found.content_type,
                        headers={"Cache-Control": AN_HOUR, "X-Content-Type-Options": "nosniff"})


def _refuse_who_sees_no_map(request: HttpRequest) -> None:
    """Maps stand beside results, which askers see and audit roles replay."""
    if not (may(request.user, Right.QUERY) or may(request.user, Right.SEARCH_AUDIT)):
        raise PermissionDenied("Maps are for those who see results.")
