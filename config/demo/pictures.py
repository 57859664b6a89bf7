"""The two pictures of every demo read (RES-1): the plate close up, and the vehicle where the camera saw it.

Twenty thousand reads share the pictures of a vehicle by kind of camera and by day and night, so that the demo starts
in time; these carry no time of day. Live traffic gets a picture of its own with camera and time in the strip.
"""

import io
import random
from datetime import datetime
from functools import cache, lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from config.demo import dice, fleet
from config.demo.bodywork import BODIES, PAINTS, Stance, Vehicle3D
from config.demo.cameras import PARKING, POLICE, REPOSSESSION, TOLL, Camera
from config.demo.fleet import DemoRead, Vehicle
from config.demo.perspective import FINE, SIZE, Canvas, rgb, shade, warp
from config.demo.plate_designs import DESIGNS
from config.demo.scenery import VIEWS, backdrop

PLATE_SIZE = (320, 160)
_STRIP = 20  # pixels
_REAR_PLATE_ONLY = {"PA", "NC", "FL", "MI", "DE", "QC", "OH"}
_STRIPS = {
    TOLL: "TOLL ROAD CAMERA",
    PARKING: "PARKING LOT CAMERA",
    REPOSSESSION: "REPOSSESSION CAMERA",
    POLICE: "POLICE CAMERA",
}


# Twenty thousand reads are stored with two pictures each: small files, still easy to read.
_STORED = 42


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


@lru_cache(maxsize=600)
def _plate_face(number: str, state: str) -> Image.Image:
    """The plate straight from the front, clean, at twice its picture's size."""
    design = DESIGNS[state]
    width, height = 560, 280
    plate = Image.new("RGB", (width, height), rgb(design.ground))
    draw = ImageDraw.Draw(plate)
    draw.rectangle((0, 0, width, 62), fill=rgb(design.head))
    draw.rectangle((0, height - 48, width, height), fill=rgb(design.foot))
    if design.head != design.ground:
        draw.rectangle((0, 62, width, 65), fill=shade(rgb(design.head), 0.9))
    draw.text((width / 2, 33), design.name, fill=rgb(design.head_ink), font=_font(44), anchor="mm", stroke_width=1)
    draw.text((width / 2, height - 25), design.words, fill=rgb(design.foot_ink), font=_font(26), anchor="mm")
    _stamp(plate, number, rgb(design.ink), shade(rgb(design.ground), 0.72))
    for x in (50, width - 50):
        for y in (30, height - 26):
            draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=rgb("#8d9296"), outline=rgb("#55595c"), width=2)
            draw.line((x - 6, y - 4, x + 6, y + 4), fill=rgb("#55595c"), width=3)
    draw.rounded_rectangle((3, 3, width - 4, height - 4), radius=22, outline=shade(rgb(design.ink), 0.9), width=5)
    return plate


def _stamp(plate: Image.Image, number: str, ink: tuple[int, int, int], shadow: tuple[int, int, int]) -> None:
    """The number, tall and narrow like stamped letters, with the soft edge of embossing."""
    font = _font(150)
    box = font.getbbox(number, stroke_width=5)
    tall = Image.new("L", (int(box[2] - box[0]) + 4, int(box[3] - box[1]) + 4))
    ImageDraw.Draw(tall).text((2 - box[0], 2 - box[1]), number, fill=255, font=font, stroke_width=5)
    tall = tall.resize((500, 140), Image.Resampling.BICUBIC)
    plate.paste(shadow, (33, 81), tall)
    plate.paste(ink, (30, 78), tall)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@cache
def _grain(size: tuple[int, int], strength: int) -> Image.Image:
    """Sensor noise around middle gray, the same every time."""
    rng = dice("grain")
    small = Image.frombytes(
        "L",
        (size[0] // 2, size[1] // 2),
        bytes(128 + rng.randint(-strength, strength) for _ in range(size[0] * size[1] // 4)),
    )
    return Image.merge("RGB", [small.resize(size, Image.Resampling.BILINEAR)] * 3)


def plate_picture(vehicle: Vehicle, *, rng: random.Random, quality: int = 76) -> bytes:
    """A close-up of the plate as JPEG, 320 by 160 pixels: a little aslant, unevenly lit, with noise."""
    size = width, height = (PLATE_SIZE[0] * FINE, PLATE_SIZE[1] * FINE)
    tilt, lean = rng.uniform(-14, 14), rng.uniform(-12, 12)
    left, top, right, bottom = 52, 24, width - 52, height - 28
    corners = [
        (left + rng.uniform(0, 16), top + tilt + lean),
        (right - rng.uniform(0, 16), top - tilt + lean * 0.3),
        (right - rng.uniform(0, 12), bottom - tilt),
        (left + rng.uniform(0, 12), bottom + tilt),
    ]
    body = shade(PAINTS[vehicle.color], rng.uniform(0.55, 0.8))
    picture = Image.new("RGB", size, body)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, 14), fill=shade(body, 1.25))
    draw.polygon(
        [
            (x + dx, y + dy)
            for (x, y), (dx, dy) in zip(corners, ((-12, -10), (12, -10), (12, 14), (-12, 14)), strict=True)
        ],
        fill=(24, 25, 27),
    )
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    picture.paste(warp(_plate_face(vehicle.number, vehicle.state), corners, size), (0, 0), mask)
    picture = picture.reduce(FINE)
    light = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270))).resize(PLATE_SIZE)
    picture = Image.composite(picture, ImageEnhance.Brightness(picture).enhance(rng.uniform(0.62, 0.85)), light)
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    return _jpeg(ImageChops.add(picture, _grain(PLATE_SIZE, 5), 1, -128), quality)


def is_night(at: datetime) -> bool:
    """Whether it is dark in the town at that time, roughly."""
    return not 7 <= at.astimezone(fleet.ZONE).hour < 19


def _scene(vehicle: Vehicle, kind: str, night: bool, rng: random.Random) -> Image.Image:
    variant = rng.randrange(len(VIEWS))
    view = VIEWS[variant]
    canvas = Canvas(view, backdrop(kind, night, variant).copy())
    body = BODIES[vehicle.body]
    front = kind == PARKING and vehicle.state not in _REAR_PLATE_ONLY
    turn = rng.uniform(0.08, 0.17) * (-1 if view.across > 0 else 1)
    stance = Stance(rng.uniform(-0.15, 0.15), rng.uniform(5.1, 5.6), turn, front, night)
    Vehicle3D(canvas, body, PAINTS[vehicle.color], stance).draw(_plate_face(vehicle.number, vehicle.state))
    return canvas.done()


def _finished(picture: Image.Image, left: str, right: str, quality: int = 70) -> bytes:
    """Noise, the black strip with its words, and JPEG."""
    picture = ImageChops.add(picture, _grain(SIZE, 3), 1, -128)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, SIZE[1] - _STRIP, *SIZE), fill=(10, 10, 12))
    draw.text((8, SIZE[1] - _STRIP / 2), left, fill=(235, 235, 225), font=_font(12), anchor="lm")
    draw.text((SIZE[0] - 8, SIZE[1] - _STRIP / 2), right, fill=(235, 235, 225), font=_font(12), anchor="rm")
    return _jpeg(picture, quality)


def vehicle_picture(vehicle: Vehicle, camera: Camera, at: datetime, rng: random.Random) -> bytes:
    """The vehicle before this camera as JPEG, 640 by 400 pixels, with camera and local time in the strip."""
    local = at.astimezone(fleet.ZONE)
    picture = _scene(vehicle, camera.kind, is_night(at), rng)
    return _finished(picture, f"{camera.code}  {camera.name}", f"{local:%Y-%m-%d %H:%M:%S %Z}")


@cache
def _shared_plate(index: int, seed: int) -> bytes:
    return plate_picture(fleet.fleet(seed)[index], rng=dice(f"plate {seed} {index}"), quality=_STORED)


@cache
def _shared_vehicle(index: int, kind: str, night: bool, seed: int) -> bytes:
    rng = dice(f"vehicle {seed} {index} {kind} {night}")
    scene = _scene(fleet.fleet(seed)[index], kind, night, rng)
    return _finished(scene, _STRIPS[kind], "Harlow Falls, demo picture", _STORED)


def pictures_for(read: DemoRead, *, seed: int = fleet.SEED) -> tuple[bytes, bytes]:
    """Plate and vehicle picture of a stored read; a vehicle's reads share them by kind of camera, day or night."""
    night = is_night(read.captured_at)
    return _shared_plate(read.vehicle, seed), _shared_vehicle(read.vehicle, read.camera.kind, night, seed)


def pictures_of(reads: list[DemoRead]) -> list[tuple[bytes, bytes]]:
    """`pictures_for` each of a batch of reads."""
    return [pictures_for(read) for read in reads]


def fresh_pictures_for(read: DemoRead, *, rng: random.Random, seed: int = fleet.SEED) -> tuple[bytes, bytes]:
    """Plate and vehicle picture of a live read, its camera and time in the strip."""
    vehicle = fleet.fleet(seed)[read.vehicle]
    return plate_picture(vehicle, rng=rng), vehicle_picture(vehicle, read.camera, read.captured_at, rng)
