"""Rekor Scout (OpenALPR): one group of frames of one vehicle, `alpr_group`, or an alert around it (DAT-1).

A group is one read, known by its `best_uuid`. The results of single frames, heartbeats and previews hold no read of
their own: the final group follows.
"""

from collections.abc import Mapping

from lpr import states
from lpr.formats import fields
from lpr.formats.native_read import NativeRead, Outcome, RecordNotReadable, Refused, SentPhoto

CameraPlaces = Mapping[str, tuple[float, float]]

_WITHOUT_READ = {"alpr_results", "heartbeat", "vehicle"}
_NO_FIX = ((None, None), (0, 0), (-1, -1))  # the latter two are what an agent without a GPS receiver sends


def read(payload: object, *, camera_places: CameraPlaces | None = None) -> list[Outcome]:
    """The read of a group; nothing for a message that holds none.

    Args:
        payload: parsed JSON.
        camera_places: latitude and longitude by camera id, for cameras without GPS.
    """
    try:
        message = fields.record(payload)
        group = _group(message)
        return [] if group is None or group.get("is_preview") is True else [_one(group, camera_places or {})]
    except RecordNotReadable as refusal:
        return [Refused(0, refusal.reason, payload)]


def _group(message: Mapping[str, object]) -> Mapping[str, object] | None:
    kind = message.get("data_type", "alpr_group")
    if kind == "alpr_group":
        return message
    if kind == "alpr_alert":
        return fields.part(message.get("group"), "group") or None
    if isinstance(kind, str) and kind in _WITHOUT_READ:
        return None
    raise RecordNotReadable("data_type: must be alpr_group.")


def _one(group: Mapping[str, object], camera_places: CameraPlaces) -> NativeRead:
    best = fields.part(group.get("best_plate"), "best_plate")
    server = fields.part(group.get("web_server_config"), "web_server_config")
    vehicle = fields.part(group.get("vehicle"), "vehicle")
    camera_id = "" if group.get("camera_id") is None else fields.identifier(group["camera_id"], "camera_id")
    latitude, longitude = _place(group, camera_id, camera_places)
    region = group.get("best_region") or best.get("region")
    make = _likeliest(vehicle, "make")
    return NativeRead(
        source_record_id=fields.identifier(group.get("best_uuid"), "best_uuid"),
        plate=fields.required_text(
            group.get("best_plate_number") or best.get("plate"), "best_plate_number", longest=fields.LONGEST_PLATE
        ),
        state=states.from_region(fields.text(region, "best_region")),
        captured_at=fields.epoch_milliseconds(group.get("epoch_start"), "epoch_start"),
        latitude=latitude,
        longitude=longitude,
        make=make.replace("_", " "),
        model=_likeliest(vehicle, "make_model").removeprefix(f"{make}_").replace("_", " "),
        camera=fields.text(server.get("camera_label"), "camera_label") or camera_id,
        confidence=fields.confidence(group.get("best_confidence", best.get("confidence")), "best_confidence"),
        photos=_photos(group, best),
    )


def _place(group: Mapping[str, object], camera_id: str, camera_places: CameraPlaces) -> tuple[float, float]:
    sent = group.get("gps_latitude"), group.get("gps_longitude")
    if sent not in _NO_FIX:
        return fields.degrees(sent[0], "gps_latitude", limit=90), fields.degrees(sent[1], "gps_longitude", limit=180)
    if camera_id in camera_places:
        return camera_places[camera_id]
    raise RecordNotReadable(f"gps_latitude: the place of camera {camera_id or 'without id'} is not known.")


def _likeliest(vehicle: Mapping[str, object], key: str) -> str:
    """The first of the candidates, which come sorted; what is not given in that form is not given."""
    candidates = vehicle.get(key)
    if isinstance(candidates, list) and candidates and isinstance(candidates[0], Mapping):
        return fields.text(candidates[0].get("name"), f"vehicle {key}")
    return ""


def _photos(group: Mapping[str, object], best: Mapping[str, object]) -> tuple[SentPhoto, ...]:
    photos = []
    if best.get("plate_crop_jpeg"):
        photos.append(SentPhoto("plate", content=fields.picture(best["plate_crop_jpeg"], "plate_crop_jpeg")))
    if group.get("vehicle_crop_jpeg"):
        photos.append(SentPhoto("vehicle", content=fields.picture(group["vehicle_crop_jpeg"], "vehicle_crop_jpeg")))
    return tuple(photos)
