"""Payloads as cameras and vendors send them, whole and well-formed, for tests to change one field at a time."""

import base64
import io

from PIL import Image

from lpr.formats.native_read import Refused


def jpeg(width=320, height=240):
    file = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 90)).save(file, "JPEG")
    return file.getvalue()


PICTURE = jpeg()
IN_BASE64 = base64.b64encode(PICTURE).decode()
WITHOUT = object()


def native_read(**changes):
    record = {
        "source_record_id": "r-1",
        "plate": "xyz-1234",
        "state": "us-oh",
        "captured_at": "2026-05-01T12:00:00-04:00",
        "latitude": 39.96,
        "longitude": -83,
        "make": "Ford",
        "model": "F-150",
        "camera": "Gate 4",
        "confidence": 97.6,
        "photos": [{"kind": "plate", "jpeg": IN_BASE64}, {"kind": "vehicle", "url": "https://photos.example/r-1.jpg"}],
    } | changes
    return {key: value for key, value in record.items() if value is not WITHOUT}


def rekor_group(**changes):
    group = {
        "data_type": "alpr_group",
        "version": 2,
        "camera_id": 1234,
        "gps_latitude": 37.635986328125,
        "gps_longitude": -92.25,
        "epoch_start": 1777651200123,
        "epoch_end": 1777651203000,
        "best_uuid": "AGENT-1234-1777651200123",
        "best_plate_number": "D2651BF",
        "best_confidence": 92.94,
        "best_region": "us-mo",
        "best_plate": {"plate": "D2651BF", "confidence": 92.94, "region": "us-mo", "plate_crop_jpeg": IN_BASE64},
        "vehicle_crop_jpeg": IN_BASE64,
        "vehicle": {
            "make": [{"name": "toyota", "confidence": 80.1}, {"name": "ford", "confidence": 2}],
            "make_model": [{"name": "toyota_camry_hybrid", "confidence": 70.5}],
        },
        "web_server_config": {"camera_label": "North Gate", "agent_label": "agent"},
        "is_preview": False,
    } | changes
    return {key: value for key, value in group.items() if value is not WITHOUT}


def hook(*results, **data):
    return {
        "hook": {
            "target": "https://reads.example/",
            "id": "camera-1",
            "event": "recognition",
            "filename": "camera-1/13.jpg",
        },
        "data": {
            "camera_id": "camera-1",
            "filename": "camera-1/13.jpg",
            "timestamp": "2026-09-29T05:56:13.606935Z",
            "timestamp_local": "2026-09-29 01:56:13.606935-04:00",
            "results": list(results),
        }
        | data,
    }


def result(**changes):
    return {
        "plate": "abc123",
        "score": 0.893,
        "box": {"xmin": 100, "ymin": 100, "xmax": 200, "ymax": 140},
        "region": {"code": "us-ca", "score": 0.7},
        "vehicle": {"type": "Sedan", "score": 0.8, "box": {"xmin": 1, "ymin": 1, "xmax": 300, "ymax": 200}},
        "model_make": [{"make": "Honda", "model": "Civic", "score": 0.6}],
    } | changes


PLACES = {"camera-1": (37.8, -122.3)}


def the_only(outcomes):
    (outcome,) = outcomes
    return outcome


def reason(outcomes):
    outcome = the_only(outcomes)
    assert isinstance(outcome, Refused), outcome
    return outcome.reason
