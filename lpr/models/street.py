"""Street data for the built-in map and the nearest address (RES-1, RES-2, DAT-6)."""

from django.db import models


class StreetDataset(models.Model):
    """One loaded file; its attribution stands on every map that shows it. Loading the name again replaces it."""

    name = models.CharField(max_length=150, unique=True)
    attribution = models.CharField(max_length=200, blank=True)
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Street(models.Model):
    """A street, address, building, park or water. `points` is [[longitude, latitude], ...] in degrees."""

    dataset = models.ForeignKey(StreetDataset, on_delete=models.CASCADE)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=150, blank=True)
    street_class = models.CharField(max_length=30, blank=True)
    number = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    zip_code = models.CharField(max_length=10, blank=True)
    ranges = models.JSONField(default=list)
    points = models.JSONField()
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["south", "west", "north", "east"], name="street_by_box")]

    def __str__(self) -> str:
        return self.name or self.kind
