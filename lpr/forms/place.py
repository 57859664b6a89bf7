"""A place to keep to, whole or not at all: state of capture, or a radius around coordinates or an address (QRY-6)."""

from decimal import Decimal

from django import forms

from lpr import addresses, states
from lpr.forms.fields import TextField, with_blank
from lpr.query import Near

STATES_OF_CAPTURE = [group for group in states.CHOICES if group[0] in {"States and DC", "Territories"}]
FARTHEST_KM = 500
PLACE = ("geo_state", "near_latitude", "near_longitude", "near_address", "near_radius_km")


class PlaceForm(forms.Form):
    """The fields of a place. `check_place` leaves the radius in `cleaned_data["near"]`, or None."""

    geo_state = forms.ChoiceField(
        label="State of capture", required=False, choices=with_blank(STATES_OF_CAPTURE, "Anywhere"),
        error_messages={"invalid_choice": "Choose a listed state."})
    near_address = TextField(
        label="Near address", required=False, max_length=200, help_text="House number, street and city.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}))
    near_latitude = forms.DecimalField(
        label="Near latitude", required=False, min_value=-90, max_value=90, max_digits=14,
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
        error_messages={"invalid": "Enter degrees, such as 39.961176."})
    near_longitude = forms.DecimalField(
        label="Near longitude", required=False, min_value=-180, max_value=180, max_digits=14,
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
        error_messages={"invalid": "Enter degrees, such as -82.998794."})
    near_radius_km = forms.DecimalField(
        label="Within kilometers", required=False, min_value=Decimal("0.05"), max_value=FARTHEST_KM, max_digits=8,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": "Enter a number of kilometers, such as 5."})

    @property
    def has_place(self) -> bool:
        """Whether something is entered or wrong in the part of the form that is folded away."""
        return any(self[name].value() or self[name].errors for name in PLACE)

    def check_place(self) -> None:
        """QRY-6: a radius around coordinates or an address, whole or not at all."""
        said = self.cleaned_data
        said["near"] = None
        names = PLACE[1:]
        if any(name in self.errors for name in names) or not any(said.get(name) not in (None, "") for name in names):
            return
        latitude, longitude, address, radius = (said[name] for name in names)
        if address and (latitude is not None or longitude is not None):
            self.add_error("near_address", "Enter an address or coordinates, not both.")
        elif not address and latitude is None:
            self.add_error("near_latitude", "Enter the latitude of the place, or an address.")
        elif not address and longitude is None:
            self.add_error("near_longitude", "Enter the longitude of the place.")
        elif radius is None:
            self.add_error("near_radius_km", "Enter the radius in kilometers.")
        else:
            self._locate(latitude, longitude, address, radius)

    def _locate(self, latitude: Decimal | None, longitude: Decimal | None, address: str, radius: Decimal) -> None:
        if latitude is None or longitude is None:
            try:
                latitude, longitude = addresses.locate(address)
            except addresses.AddressNotFound as refusal:
                self.add_error("near_address", str(refusal))
                return
        self.cleaned_data["near"] = Near(
            latitude_e6=round(latitude * 10**6), longitude_e6=round(longitude * 10**6), radius_m=round(radius * 1000),
            address=address)
