"""Plate Recognizer Stream and Snapshot: a hook in JSON, with the whole picture beside it in multipart (DAT-1).

The hook holds one picture and the plate's box, so the plate photo is cut from it and marked (RES-1). The hook names
no place: it comes from what is known of the camera.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from lpr import photos, states
from lpr.formats import fields
from lpr.formats.native_read import NativeRead, Outcome, PayloadNotReadable, RecordNotReadable, Refused, SentPhoto
from lpr.formats.photo_folder import PhotoFolder
from lpr.formats.rekor import CameraPlaces


def read(
    payload: object,
    *,
    upload: bytes | None = None,
    camera_places: CameraPlaces | None = None,
    folder: PhotoFolder | None = None,
) -> list[Outcome]:
    """The reads of a hook, one for each result that has a plate; a hook without a plate holds none.

    Args:
        payload: parsed JSON.
        upload: the picture that came with it.
        camera_places: latitude and longitude by camera id.
        folder: where the picture lies that the hook names, when there is no upload.

    Raises:
        PayloadNotReadable: there is no list of results.
    """
    data = payload.get("data", payload) if isinstance(payload, Mapping) else None
    results = data.get("results") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(results, list):
        raise PayloadNotReadable("data: must be an object with a list of results.")
    picture = partial(_picture, data, upload, folder)
    build = partial(_one, data=data, picture=picture, camera_places=camera_places or {})
    outcomes: list[Outcome] = []
    for index, result in enumerate(results):
        try:
            read_of_result = build(fields.part(result, "results"), index=index)
            outcomes.extend([read_of_result] if read_of_result else [])
        except RecordNotReadable as refusal:
            outcomes.append(Refused(index, refusal.reason, result))
    return outcomes


def _one(
    result: Mapping[str, object],
    *,
    index: int,
    data: Mapping[str, object],
    picture: Callable[[], bytes | None],
    camera_places: CameraPlaces,
) -> NativeRead | None:
    plate, score, region, box = _plate(result)
    if not plate:
        return None
    camera = fields.text(data.get("camera_id"), "camera_id")
    latitude, longitude = _place(data, camera, camera_places)
    make, model = _make_and_model(result)
    return NativeRead(
        source_record_id=_record_id(data, camera, index),
        plate=plate,
        state=states.from_region(region),
        captured_at=_captured_at(data),
        latitude=latitude,
        longitude=longitude,
        make=make,
        model=model,
        camera=camera,
        confidence=fields.confidence(score, "score", full=1),
        photos=_photos(picture(), box),
    )


def _plate(result: Mapping[str, object]) -> tuple[str, object, str, object]:
    """Plate, score, region and box in the older form, or in the newer one with everything under the object `plate`."""
    plate = result.get("plate")
    if not isinstance(plate, Mapping):
        region = fields.part(result.get("region"), "region").get("code")
        return _plate_text(plate), result.get("score"), fields.text(region, "region"), result.get("box")
    properties = fields.part(plate.get("props"), "plate.props")
    likeliest, region = _first(properties.get("plate")), _first(properties.get("region")).get("value")
    box = plate.get("box", result.get("box"))
    return _plate_text(likeliest.get("value")), likeliest.get("score"), fields.text(region, "region"), box


def _plate_text(value: object) -> str:
    return fields.text(value, "plate", longest=fields.LONGEST_PLATE)


def _first(candidates: object) -> Mapping[str, object]:
    if isinstance(candidates, list) and candidates and isinstance(candidates[0], Mapping):
        return candidates[0]
    return {}


def _make_and_model(result: Mapping[str, object]) -> tuple[str, str]:
    vehicle = result.get("vehicle")
    properties = vehicle.get("props") if isinstance(vehicle, Mapping) else None
    newer = properties.get("make_model") if isinstance(properties, Mapping) else None
    likeliest = _first(result.get("model_make")) or _first(newer)
    return fields.text(likeliest.get("make"), "make"), fields.text(likeliest.get("model"), "model")


def _captured_at(data: Mapping[str, object]) -> datetime:
    if data.get("timestamp") is None and data.get("timestamp_local") is not None:
        return fields.moment(data["timestamp_local"], "timestamp_local")
    return fields.moment(data.get("timestamp"), "timestamp", utc_without_offset=True)


def _record_id(data: Mapping[str, object], camera: str, index: int) -> str:
    """The same for the same result sent twice. The hook's own id is the camera's and tells no two hooks apart."""
    filename = fields.text(data.get("filename"), "filename", longest=fields.LONGEST_URL)
    moment = fields.text(data.get("timestamp") or data.get("timestamp_local"), "timestamp")
    spelled = f"{camera}|{moment}|{filename}|{index}"
    return spelled if len(spelled) <= fields.LONGEST_TEXT else hashlib.sha256(spelled.encode()).hexdigest()


def _place(data: Mapping[str, object], camera: str, camera_places: CameraPlaces) -> tuple[float, float]:
    if data.get("latitude") is not None or data.get("longitude") is not None:
        latitude = fields.degrees(data.get("latitude"), "latitude", limit=90)
        return latitude, fields.degrees(data.get("longitude"), "longitude", limit=180)
    if camera in camera_places:
        return camera_places[camera]
    raise RecordNotReadable(f"camera_id: the place of camera {camera or 'without id'} is not known.")


def _picture(data: Mapping[str, object], upload: bytes | None, folder: PhotoFolder | None) -> bytes | None:
    filename = fields.text(data.get("filename"), "filename", longest=fields.LONGEST_URL)
    return folder.read(filename, "filename") if upload is None and folder is not None and filename else upload


def _photos(upload: bytes | None, box: object) -> tuple[SentPhoto, ...]:
    """The picture as the vehicle photo, and the plate photo cut from it; the loader says when they are missing."""
    if upload is None:
        return ()
    sides = fields.part(box, "box")
    edges = [sides.get(side) for side in ("xmin", "ymin", "xmax", "ymax")]
    try:
        plate = photos.cut_plate(upload, edges)
    except photos.PhotoNotUsable as refusal:
        raise RecordNotReadable(f"upload: {refusal}") from refusal
    return SentPhoto("plate", content=plate.jpeg, cut=True), SentPhoto("vehicle", content=upload)
