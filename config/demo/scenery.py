"""What stands around the vehicle in the demo's pictures: toll plaza, parking lot, houses or shops, day and night."""

import random
from functools import cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from config.demo import dice
from config.demo.bodywork import BODIES, PAINTS, Stance, Vehicle3D
from config.demo.cameras import PARKING, POLICE, REPOSSESSION, TOLL
from config.demo.perspective import FINE, SIZE, Canvas, Color, View, blank, mix, rgb, shade

# The camera stands beside the lane, so that the vehicle's side shows: on its right or on its left.
VIEWS = (View(center=474, across=1.75), View(center=166, across=-1.75), View(center=452, across=1.6))
_HORIZON = int(VIEWS[0].horizon * FINE)


class Scene(Canvas):
    """A canvas whose colors are darkened at night."""

    def __init__(self, view: View, night: bool) -> None:
        self.night = night
        super().__init__(view, blank(self.tone("#000000")))

    def tone(self, color: str, glow: float = 0.26) -> Color:
        if not self.night:
            return rgb(color)
        return mix(shade(rgb(color), glow), rgb("#0a1020"), 0.25)

    def sky(self, rng: random.Random) -> None:
        low, high = (
            (rgb("#16203a"), rgb("#070b16"))
            if self.night
            else rng.choice(
                ((rgb("#dbe8f2"), rgb("#8fb6d9")), (rgb("#e6e8ea"), rgb("#b9c2ca")), (rgb("#f0e6d6"), rgb("#9fbdd6")))
            )
        )
        for y in range(0, _HORIZON + 8, 2):
            self.draw.rectangle((0, y, SIZE[0] * FINE, y + 2), fill=mix(high, low, y / (_HORIZON + 8)))

    def road(self, color: str, verge: str) -> None:
        self.draw.rectangle((0, _HORIZON, SIZE[0] * FINE, SIZE[1] * FINE), fill=self.tone(verge))
        self.ground(-5.2, 5.2, 1, 300, self.tone(color, 0.34))

    def dashes(self, x: float, color: str, start: float = 2.0, *, solid: bool = False) -> None:
        y = start
        while y < 120:
            self.ground(x - 0.06, x + 0.06, y, y + (200 if solid else 3), self.tone(color, 0.45))
            y += 200 if solid else 8

    def tree(self, x: float, y: float, size: float, color: str) -> None:
        self.upright(x - 0.18, x + 0.18, y, 0, size * 0.5, self.tone("#5c4a3a"))
        for dx, dz, r, f in ((-0.25, 0.55, 0.3, 0.86), (0.25, 0.6, 0.3, 0.94), (0, 0.85, 0.32, 1.06)):
            cx, cz = self.view.at((x + dx * size, y, dz * size))
            radius = FINE * self.view.focal * r * size / y
            self.draw.ellipse((cx - radius, cz - radius, cx + radius, cz + radius), fill=shade(self.tone(color), f))

    def lamp(self, x: float, y: float, height: float = 6.5) -> None:
        self.upright(x - 0.07, x + 0.07, y, 0, height, self.tone("#6a6f73"))
        arm = -1.6 if x > 0 else 1.6
        self.upright(min(x, x + arm), max(x, x + arm), y, height - 0.12, height, self.tone("#6a6f73"))
        if self.night:
            cx, cy = self.view.at((x + arm, y, height - 0.2))
            radius = FINE * self.view.focal * 0.5 / y
            self.draw.ellipse((cx - radius, cy - radius * 0.6, cx + radius, cy + radius * 0.6), fill=rgb("#ffe9b0"))

    def words(self, text: str, x: float, y: float, z: float, height: float, color: Color) -> None:
        pixels = max(8, int(FINE * self.view.focal * height / y))
        self.draw.text(self.view.at((x, y, z)), text, fill=color, font=ImageFont.load_default(size=pixels), anchor="mm")

    def windows(
        self,
        left: float,
        right: float,
        y: float,
        rows: tuple[float, ...],
        rng: random.Random,
        size: tuple[float, float],
    ) -> None:
        width, height = size
        count = max(1, int((right - left) / (width * 1.9)))
        for row in rows:
            for i in range(count):
                x = left + (i + 0.5) * (right - left) / count
                lit = self.night and rng.random() < 0.45
                glass = rgb("#f2d58a") if lit else self.tone("#5f7583")
                self.upright(
                    x - width / 2 - 0.08, x + width / 2 + 0.08, y, row - 0.08, row + height + 0.08, self.tone("#e9e4da")
                )
                self.upright(x - width / 2, x + width / 2, y, row, row + height, glass)


def _toll(scene: Scene, rng: random.Random) -> None:
    scene.road("#77797b", "#8f9a78")
    for place in ((-30, 90, 12), (-22, 110, 10), (24, 95, 11), (34, 120, 13), (-42, 120, 14)):
        scene.tree(*place, "#5d7f4e")
    scene.ground(-14, 14, 1, 60, scene.tone("#8b8c8a", 0.34))
    for x in (-6.4, -2.35, 2.35, 6.4):
        scene.dashes(x, "#e8e6da", solid=True)
    for x in (-7.4, 7.4):
        scene.wall(x - (0.5 if x < 0 else -0.5), 9, 26, 0, 0.9, scene.tone("#b9b6ac"))
        scene.upright(x - 0.9, x + 0.9, 16, 0, 3.0, scene.tone("#c9ccce"))
        scene.upright(x - 0.7, x + 0.7, 15.9, 1.3, 2.5, rgb("#f2d58a") if scene.night else scene.tone("#54707f"))
    for x in (-3.1, 3.1):
        scene.face(
            ((x - 0.3, 10, 0.25), (x + 0.3, 10, 0.25), (x + 0.3, 30, 0.25), (x - 0.3, 30, 0.25)), scene.tone("#d3d0c4")
        )
        scene.upright(x - 0.3, x + 0.3, 10, 0, 0.25, scene.tone("#e0b52f", 0.5))
        scene.upright(x - 0.14, x + 0.14, 15, 0.2, 5.2, scene.tone("#7c858b"))
    scene.upright(-16, 16, 15, 4.55, 5.2, scene.tone("#5f6a72"))
    scene.upright(-16, 16, 14.9, 3.85, 4.05, scene.tone("#4b555c"))
    for x, label in ((-5.0, "CARS"), (0.0, rng.choice(("PASS", "TAG", "MAIL"))), (5.0, "CASH")):
        scene.upright(x - 1.3, x + 1.3, 14.6, 3.3, 4.5, scene.tone("#1f5c3d", 0.6))
        scene.words(label, x, 14.5, 3.9, 0.75, rgb("#e6efe8"))
    for x in (-1.8, 1.8):
        scene.upright(x - 0.25, x + 0.25, 14.5, 3.35, 3.75, rgb("#40d56d"))
    for x in (-9.5, 9.5):
        scene.lamp(x, 18, 8)


def _parked(scene: Scene, x: float, y: float, rng: random.Random) -> None:
    body = BODIES[rng.choice(("sedan", "suv", "hatchback", "van"))]
    Vehicle3D(
        scene,
        body,
        PAINTS[rng.choice(("gray", "silver", "blue", "white", "red", "green"))],
        Stance(x, y, 0.0, True, scene.night),
    ).draw(None)


def _parking(scene: Scene, rng: random.Random) -> None:
    scene.road("#6c6e70", "#6c6e70")
    scene.ground(-60, 60, 1, 200, scene.tone("#6c6e70", 0.34))
    wall = rng.choice(("#b7a58c", "#a96f56", "#c2c1b8"))
    scene.upright(-40, 40, 34, 0, 6.6, scene.tone(wall))
    scene.upright(-40, 40, 33.9, 6.2, 6.7, scene.tone("#6f665c"))
    scene.windows(-26, 26, 33.8, (1.0, 3.9), rng, (1.9, 1.5))
    scene.upright(-40, 40, 33.5, 0, 0.35, scene.tone("#c8c6bd"))
    for x in (-11.0, -8.2, -5.4, 5.4, 8.2, 11.0):
        if rng.random() < 0.75:
            _parked(scene, x, 19, rng)
    for x in range(-15, 16, 3):
        scene.face(
            ((x - 0.05 - 1.4, 17.5, 0), (x + 0.05 - 1.4, 17.5, 0), (x + 0.05 - 1.4, 24, 0), (x - 0.05 - 1.4, 24, 0)),
            scene.tone("#e8e6da", 0.45),
        )
    for x in (-1.75, 1.75):
        scene.ground(x - 0.06, x + 0.06, 3.2, 11, scene.tone("#e8e6da", 0.5))
    for x in (-7.6, 7.6):
        scene.lamp(x, 24, 7)
    for y in (13.0,):
        scene.upright(3.4, 3.75, y, 0, 1.1, scene.tone("#e0b52f", 0.5))
        scene.upright(-3.75, -3.4, y, 0, 1.1, scene.tone("#e0b52f", 0.5))
    scene.upright(-6.3, -4.9, 22, 2.2, 3.6, scene.tone("#2455a4", 0.7))
    scene.words("P", -5.6, 21.9, 2.9, 1.2, rgb("#f2f5f8"))
    scene.upright(-5.66, -5.54, 22, 0, 2.2, scene.tone("#7c858b"))


def _house(scene: Scene, x: float, y: float, width: float, rng: random.Random) -> None:
    color = rng.choice(("#d9d3c3", "#b9c4cc", "#c7b299", "#a9b59f", "#d6c79c", "#b48a7a"))
    roof = scene.tone(rng.choice(("#5b4a44", "#4b5258", "#6b4a3c")))
    left, right = x - width / 2, x + width / 2
    scene.upright(left, right, y, 0, 3.4, scene.tone(color))
    scene.face(
        ((left - 0.4, y, 3.3), (right + 0.4, y, 3.3), (right - width * 0.24, y, 5.7), (left + width * 0.24, y, 5.7)),
        roof,
    )
    scene.windows(left + 0.4, right - 0.4, y - 0.05, (1.1,), rng, (1.1, 1.3))
    scene.upright(x - 0.5, x + 0.5, y - 0.1, 0, 2.2, scene.tone("#6a3f33"))


def _houses(scene: Scene, rng: random.Random) -> None:
    scene.road("#727476", "#86a066")
    for far in (60, 42, 28):
        for side in (-1, 1):
            _house(scene, side * (11 + far * 0.05 + rng.uniform(-0.5, 1.5)), far, rng.uniform(8, 10), rng)
            scene.tree(
                side * (7.6 + rng.uniform(0, 0.8)),
                far - 6,
                rng.uniform(4.2, 6),
                rng.choice(("#5f8a4c", "#76954f", "#a7813f")),
            )
    for x in (-1.0, 1.0):
        scene.ground(min(x * 5.2, x * 6.6), max(x * 5.2, x * 6.6), 1, 200, scene.tone("#bdbab0"))
        scene.ground(min(x * 5.2, x * 5.35), max(x * 5.2, x * 5.35), 1, 200, scene.tone("#d8d5ca"))
    scene.lamp(6.0, 22)


def _shop_fronts(scene: Scene, rng: random.Random) -> None:
    for side in (-1, 1):
        for far in (70, 52, 38, 26):
            color = rng.choice(("#9d5e4a", "#b8845f", "#c7b89a", "#8a8f94", "#a5714f", "#d2c6ae"))
            near, height = far - 12, rng.uniform(7.5, 10.5)
            x = side * 8.2
            scene.wall(x, near, far, 0, height, shade(scene.tone(color), 0.85))
            scene.upright(min(x, x + side * 14), max(x, x + side * 14), near, 0, height, scene.tone(color))
            scene.wall(
                x - side * 0.05, near + 1, far - 1, 0.6, 2.6, rgb("#d9b869") if scene.night else scene.tone("#4f6672")
            )
            scene.wall(
                x - side * 0.6,
                near + 0.6,
                far - 0.6,
                2.8,
                3.3,
                scene.tone(rng.choice(("#7a2f2b", "#2f5a44", "#2f4a6b", "#b08a3a"))),
            )
            for row in (4.2, 6.2):
                for k in range(3):
                    start = near + 1.5 + k * 3.4
                    lit = scene.night and rng.random() < 0.4
                    scene.wall(
                        x - side * 0.05,
                        start,
                        start + 1.5,
                        row,
                        row + 1.3,
                        rgb("#f0d68f") if lit else scene.tone("#55666f"),
                    )


def _shops(scene: Scene, rng: random.Random) -> None:
    scene.road("#6e7072", "#b3afa4")
    _shop_fronts(scene, rng)
    for x in (-1.0, 1.0):
        scene.ground(min(x * 5.2, x * 8.2), max(x * 5.2, x * 8.2), 1, 200, scene.tone("#c0bcb2"))
        scene.ground(min(x * 5.2, x * 5.4), max(x * 5.2, x * 5.4), 1, 200, scene.tone("#dcd9cf"))
    scene.dashes(-2.6, "#e0b52f", solid=True)
    scene.dashes(-2.85, "#e0b52f", solid=True)
    for k in range(9):
        scene.ground(-4.8 + k * 1.1, -4.2 + k * 1.1, 14, 17, scene.tone("#e8e6da", 0.45))
    scene.lamp(6.0, 20)
    scene.lamp(-6.0, 30)


_SCENES = {TOLL: _toll, PARKING: _parking, REPOSSESSION: _houses, POLICE: _shops}


@cache
def backdrop(kind: str, night: bool, variant: int) -> Image.Image:
    """The scene of a kind of camera without the vehicle, at drawing size. Callers copy it before they draw."""
    rng = dice(f"scene {kind} {variant}")
    scene = Scene(VIEWS[variant], night)
    scene.sky(rng)
    _SCENES[kind](scene, rng)
    if night:
        scene.image = _lit(scene.image)
    return scene.image.filter(ImageFilter.GaussianBlur(1.6))


def _lit(image: Image.Image) -> Image.Image:
    """The pool of light that the camera's flash throws on the road before it."""
    small = Image.new("L", SIZE)
    ImageDraw.Draw(small).ellipse((90, 210, 550, 520), fill=120)
    pool = small.filter(ImageFilter.GaussianBlur(50)).resize(image.size)
    return Image.composite(Image.blend(image, Image.new("RGB", image.size, rgb("#b9bdb4")), 0.35), image, pool)
