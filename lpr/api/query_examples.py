"""Questions and answers as they travel, for the documentation of the API."""

from drf_spectacular.utils import OpenApiExample

from accounts import problems
from lpr import case_references

ASKING = [
    OpenApiExample("A criminal query over 90 days for another officer", request_only=True, value={
        "plate": "XYZ-1234", "state": "OH", "reason": "CRIM", "offense": "21USC841", "timeframe": "90d",
        "case_reference": case_references.EXAMPLE, "for_whom": "other", "other_name": "Jane Roe", "geo_state": "OH"}),
    OpenApiExample("From and to dates, near an address, for oneself", request_only=True, value={
        "plate": "XYZ-1234", "state": "OH", "reason": "MISS", "timeframe": "custom", "date_from": "2026-05-01",
        "date_to": "2026-05-31", "case_reference": case_references.EXAMPLE, "for_whom": "self",
        "near_address": "100 Main Street, Columbus 43215", "near_radius_km": 5}),
    OpenApiExample("One read was found", response_only=True, status_codes=["201"], value={
        "id": "0195c2f1-6f1e-7c3a-9d7e-3f5a1b2c4d5e", "count": 1, "count_state_unread": 0, "next": None, "reads": [{
            "id": "6f1ff4b2-52a5-5c0a-a8f7-0c2b1f0d9e11", "plate": "XYZ1234", "state": "OH", "state_read": True,
            "captured_at": "2026-05-01T16:00:00Z", "zone": "America/New_York", "received_at": "2026-05-01T16:00:09Z",
            "stored_at": "2026-05-01T16:00:10Z", "latitude": 39.96, "longitude": -83.0,
            "address": "100 Main St, Columbus 43215", "address_is_approximate": False, "intersection": "Main St & 1st Ave",
            "make": "Ford", "model": "F-150", "source": "Ohio toll road camera", "source_kind": "toll_road", "camera": "Gate 4",
            "confidence": 97, "photos": ["https://lpr.example/reads/.../photos/1/", "https://lpr.example/reads/.../photos/2/"]}]}),
    OpenApiExample("Two fields are missing", response_only=True, status_codes=["400"], media_type=problems.CONTENT_TYPE,
                   value=problems.body(400, detail="Some fields need attention.", errors={
                       "plate": ["Enter the license plate number."], "timeframe": ["Choose a timeframe."]})),
]
