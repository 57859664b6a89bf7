"""The demo's vehicles as simple solids: five body types, drawn from behind or in front, a little from the side.

A body is a row of stations along its length (meters from the tail) with the height of its deck, and a glass house on
top; the drawing shows the faces that look at the camera, far ones first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image

from config.demo.perspective import Canvas, Color, Space, mix, rgb, shade

PAINTS = {
    "white": rgb("#eeeeea"),
    "black": rgb("#26282c"),
    "gray": rgb("#6d7278"),
    "silver": rgb("#a4abb2"),
    "blue": rgb("#2b559c"),
    "red": rgb("#b02a2c"),
    "green": rgb("#2f6b47"),
    "beige": rgb("#cdbb94"),
    "brown": rgb("#6a4a35"),
    "orange": rgb("#d9762b"),
    "yellow": rgb("#e3bf36"),
}
_GLASS = rgb("#33424d")
_TIRE = rgb("#1a1b1d")
_TRIM = rgb("#2a2c2f")


@dataclass(frozen=True)
class Body:
    """A body type. `deck` is (meters from the tail, height) from tail to nose; `glass` the same for the glass house."""

    length: float
    width: float
    deck: tuple[tuple[float, float], ...]
    glass: tuple[tuple[float, float], ...]
    wheels: tuple[float, float]
    wheel: float
    bumper: float
    roof_width: float
    has_bed: bool = False


BODIES = {
    "sedan": Body(4.7, 1.82, ((0, 0.93), (0.12, 1.0), (0.75, 1.03), (3.35, 0.98), (4.5, 0.8), (4.7, 0.68)),
                  ((0.62, 1.02), (1.35, 1.44), (2.45, 1.46), (3.4, 0.98)), (0.95, 3.75), 0.32, 0.50, 0.72),
    "hatchback": Body(4.1, 1.76, ((0, 0.92), (0.08, 1.0), (0.5, 1.02), (2.9, 0.98), (3.9, 0.82), (4.1, 0.7)),
                      ((0.1, 1.0), (0.55, 1.48), (2.0, 1.5), (2.98, 0.98)), (0.7, 3.25), 0.31, 0.50, 0.76),
    "suv": Body(4.6, 1.88, ((0, 1.06), (0.06, 1.12), (0.5, 1.14), (3.35, 1.1), (4.4, 1.0), (4.6, 0.86)),
                ((0.07, 1.12), (0.35, 1.70), (2.6, 1.72), (3.45, 1.1)), (0.85, 3.65), 0.36, 0.58, 0.80),
    "van": Body(5.0, 1.96, ((0, 1.06), (0.05, 1.12), (0.5, 1.14), (4.0, 1.08), (4.8, 0.92), (5.0, 0.78)),
                ((0.05, 1.12), (0.22, 1.90), (3.1, 1.92), (4.3, 1.06)), (0.95, 4.0), 0.34, 0.52, 0.88),
    "pickup": Body(5.6, 1.98, ((0, 1.10), (0.05, 1.14), (1.9, 1.15), (3.95, 1.16), (5.4, 1.08), (5.6, 0.94)),
                   ((1.95, 1.15), (2.1, 1.82), (3.2, 1.84), (4.0, 1.16)), (1.15, 4.5), 0.40, 0.60, 0.80, has_bed=True),
}  # fmt: skip


@dataclass(frozen=True)
class Stance:
    """How a vehicle stands: its near end at (x, y), turned by `turn` radians, tail or nose toward the camera."""

    x: float
    y: float
    turn: float
    front: bool
    night: bool


class Vehicle3D:
    """One vehicle on a canvas. Local points are (across, along from the near end, up)."""

    def __init__(self, canvas: Canvas, body: Body, paint: Color, stance: Stance) -> None:
        self.canvas = canvas
        self.body = body
        self.stance = stance
        self.paint = mix(shade(paint, 0.46), rgb("#30343c"), 0.25) if stance.night else paint
        self.lit = mix(shade(paint, 0.82), rgb("#60646a"), 0.15) if stance.night else paint
        self.half = body.width / 2
        flip = (lambda s: body.length - s) if stance.front else (lambda s: s)
        self.deck = sorted((flip(s), z) for s, z in body.deck)
        self.glass = sorted((flip(s), z) for s, z in body.glass)
        self.axles = sorted(flip(s) for s in body.wheels)
        self._cos, self._sin = math.cos(stance.turn), math.sin(stance.turn)
        seen_from = (canvas.view.across - stance.x) * self._cos - stance.y * self._sin
        self.side = 1.0 if seen_from > 0 else -1.0
        self.shows_side = abs(seen_from) > self.half

    def place(self, point: Space) -> Space:
        across, along, up = point
        return (
            self.stance.x + across * self._cos - along * self._sin,
            self.stance.y + across * self._sin + along * self._cos,
            up,
        )

    def face(self, points: Sequence[Space], color: Color, edge: Color | None = None) -> None:
        self.canvas.face([self.place(point) for point in points], color, edge)

    def round(self, across: float, along: float, up: float, radius: float, color: Color) -> None:
        """A disc in the side of the vehicle."""
        turn = [2 * math.pi * i / 22 for i in range(22)]
        self.face([(across, along + radius * math.cos(t), up + radius * math.sin(t)) for t in turn], color)

    def half_at(self, along: float) -> float:
        """Half the width of the body there: narrower at both ends."""
        near_end = min(along, self.body.length - along)
        return self.half * (0.93 + 0.07 * min(1.0, near_end / 0.35))

    def draw(self, plate: Image.Image | None) -> None:
        self._shadow()
        self._far_wheels()
        if self.shows_side:
            self._side()
            self._wheels()
        self._top()
        self._cabin()
        self._near_end()
        if plate:
            self._plate(plate)

    def _shadow(self) -> None:
        w, length = self.half, self.body.length
        soft, dark = (rgb("#101216"), rgb("#07080a")) if self.stance.night else (rgb("#5a5b5d"), rgb("#333436"))
        self.face(
            [(-w - 0.12, -0.1, 0), (w + 0.12, -0.1, 0), (w + 0.3, length + 0.1, 0), (-w - 0.1, length + 0.1, 0)], soft
        )
        self.face([(-w, 0, 0), (w, 0, 0), (w, length, 0), (-w, length, 0)], dark)

    def _far_wheels(self) -> None:
        radius = self.body.wheel
        for across in (-self.half + 0.05, self.half - 0.32):
            self.face(
                [
                    (across, 0.3, 0),
                    (across + 0.26, 0.3, 0),
                    (across + 0.26, 0.3, radius * 1.6),
                    (across, 0.3, radius * 1.6),
                ],
                _TIRE,
            )
        self.face(
            [
                (-self.half + 0.1, 0.2, 0.22),
                (self.half - 0.1, 0.2, 0.22),
                (self.half - 0.1, 0.2, 0.5),
                (-self.half + 0.1, 0.2, 0.5),
            ],
            _TIRE,
        )

    def _side(self) -> None:
        """The long side that looks at the camera: sill, door and shoulder strips, each a little lighter upward."""
        tone = self.paint
        strips = ((0.26, 0.0, 0.40, 0.5), (0.40, 0.0, 0.0, 0.68), (0.0, 0.62, 0.0, 0.86))
        for (s0, z0), (s1, z1) in pairwise(self.deck):
            w0, w1 = self.half_at(s0) * self.side, self.half_at(s1) * self.side
            for low, low_share, high, factor in strips:
                a0, a1 = low or z0 * low_share, low or z1 * low_share
                b0, b1 = high or (z0 * 0.64 if factor < 0.8 else z0), high or (z1 * 0.64 if factor < 0.8 else z1)
                lean = 0.96 if factor > 0.8 else 1.0
                self.face([(w0, s0, a0), (w1, s1, a1), (w1 * lean, s1, b1), (w0 * lean, s0, b0)], shade(tone, factor))
        seam = shade(tone, 0.48)
        for along in (self.glass[1][0] + 0.35, (self.glass[1][0] + self.glass[2][0]) / 2 + 0.3):
            self.face(
                [
                    (self.half * self.side, along, 0.42),
                    (self.half * self.side, along + 0.03, 0.42),
                    (self.half * 0.96 * self.side, along + 0.03, 1.0),
                    (self.half * 0.96 * self.side, along, 1.0),
                ],
                seam,
            )

    def _top(self) -> None:
        """Hood, deck or load bed, far pieces first."""
        for (s0, z0), (s1, z1) in reversed(list(pairwise(self.deck))):
            w0, w1 = self.half_at(s0) * 0.96, self.half_at(s1) * 0.96
            self.face([(-w0, s0, z0), (w0, s0, z0), (w1, s1, z1), (-w1, s1, z1)], shade(self.paint, 1.08))
        if self.body.has_bed and not self.stance.front:
            inner = self.half * 0.84
            self.face(
                [(-inner, 0.12, 1.12), (inner, 0.12, 1.12), (inner, 1.85, 1.14), (-inner, 1.85, 1.14)],
                shade(_TRIM, 0.6),
            )

    def _cabin(self) -> None:
        (s0, z0), (s1, z1), (s2, z2), (s3, z3) = self.glass
        base, roof = self.half * 0.93, self.half * self.body.roof_width
        glass = shade(_GLASS, 0.35) if self.stance.night else _GLASS
        side = self.side
        if self.shows_side:
            self.face(
                [(base * side, s0, z0), (base * side, s3, z3), (roof * side, s2, z2), (roof * side, s1, z1)],
                shade(self.paint, 0.82),
            )
            self._side_windows(glass)
        self.face([(-roof, s1, z1), (roof, s1, z1), (roof, s2, z2), (-roof, s2, z2)], shade(self.paint, 1.14))
        self.face([(-base, s0, z0), (base, s0, z0), (roof, s1, z1), (-roof, s1, z1)], shade(self.paint, 0.95))

        def pane(share_low: float, share_high: float, inset: float) -> list[Space]:
            points: list[Space] = []
            for share, sign in ((share_low, -1), (share_low, 1), (share_high, 1), (share_high, -1)):
                width = (base + (roof - base) * share) * inset * sign
                points.append((width, s0 + (s1 - s0) * share - 0.01, z0 + (z1 - z0) * share))
            return points

        self.face(pane(0.06, 0.9, 0.9), glass, shade(glass, 0.6))
        shine = pane(0.5, 0.9, 0.9)
        bright = mix(glass, rgb("#c6d6e0"), 0.10 if self.stance.night else 0.32)
        self.face([shine[3], (shine[3][0] * 0.1, *shine[3][1:]), (shine[0][0] * 0.45, *shine[0][1:]), shine[0]], bright)
        if self.stance.front:
            for sign in (-1, 1):
                self._mirror(sign)

    def _mirror(self, sign: int) -> None:
        along, z = self.glass[0][0] + 0.35, self.glass[0][1]
        a, b = self.half * 0.97 * sign, (self.half + 0.2) * sign
        self.face(
            [(a, along, z), (b, along, z + 0.02), (b, along, z + 0.17), (a, along, z + 0.14)], shade(self.paint, 0.75)
        )

    def _side_windows(self, glass: Color) -> None:
        (s0, z0), (s1, z1), (s2, z2), (s3, z3) = self.glass
        base, roof = self.half * 0.93, self.half * self.body.roof_width

        def point(along: float, share: float) -> Space:
            low = z0 + (z3 - z0) * (along - s0) / (s3 - s0)
            high = z1 + (z2 - z1) * max(0.0, min(1.0, (along - s1) / (s2 - s1)))
            return (base + (roof - base) * share) * self.side * 1.005, along, low + (high - low) * share

        starts = [s1 + (s0 - s1) * 0.5, s1 + (s2 - s1) * 0.48, s2 + (s3 - s2) * 0.5]
        for a, b in pairwise(starts):
            upper_a, upper_b = max(a, s1 + 0.05), min(b, s2 - 0.03)
            self.face(
                [point(a + 0.06, 0.1), point(b - 0.05, 0.1), point(upper_b - 0.04, 0.86), point(upper_a + 0.04, 0.86)],
                glass,
            )

    def _wheels(self) -> None:
        radius = self.body.wheel
        out = self.half * self.side
        for along in reversed(self.axles):
            self.round(out * 1.0, along, radius + 0.02, radius + 0.07, shade(_TIRE, 0.7))
            self.round(out * 1.01, along, radius, radius, _TIRE)
            rim = rgb("#4b4e52") if self.stance.night else rgb("#a9adb1")
            self.round(out * 1.012, along, radius, radius * 0.62, rim)
            self.round(out * 1.013, along, radius, radius * 0.2, shade(rim, 0.6))

    def panel(self, points: Sequence[tuple[float, float]], color: Color, edge: Color | None = None) -> None:
        """A flat piece on the near end, in shares of half the width and meters up."""
        self.face([(share * self.half * 0.93, -0.01, z) for share, z in points], color, edge)

    def both(self, points: Sequence[tuple[float, float]], color: Color, edge: Color | None = None) -> None:
        self.panel(points, color, edge)
        self.panel([(-share, z) for share, z in points], color, edge)

    def _near_end(self) -> None:
        top = self.deck[0][1]
        color, bumper = self.lit, self.body.bumper
        self.panel(
            [
                (-0.96, 0.27),
                (0.96, 0.27),
                (1, bumper),
                (1, top * 0.86),
                (0.96, top),
                (-0.96, top),
                (-1, top * 0.86),
                (-1, bumper),
            ],
            shade(color, 0.93),
        )
        self.panel([(-0.98, bumper - 0.02), (0.98, bumper - 0.02), (0.98, bumper), (-0.98, bumper)], shade(color, 0.6))
        self.panel([(-0.86, 0.24), (0.86, 0.24), (0.9, 0.36), (-0.9, 0.36)], _TRIM)
        if self.stance.front:
            self._nose(top, bumper)
        else:
            self._tail(top, bumper)

    def _tail(self, top: float, bumper: float) -> None:
        red, amber = (rgb("#ff4b3e"), rgb("#ff9d5c")) if self.stance.night else (rgb("#b3151b"), rgb("#d9733b"))
        tall = self.body.has_bed or top > 1.04
        if tall:
            self.both(
                [(0.82, bumper + 0.06), (0.99, bumper + 0.06), (0.98, top - 0.04), (0.84, top - 0.04)], red, _TRIM
            )
            self.both(
                [(0.84, bumper + 0.20), (0.98, bumper + 0.20), (0.98, bumper + 0.27), (0.84, bumper + 0.27)],
                rgb("#ece6e0"),
            )
        else:
            self.both([(0.55, top - 0.22), (0.99, top - 0.24), (0.98, top - 0.04), (0.6, top - 0.07)], red, _TRIM)
            self.both([(0.62, top - 0.17), (0.74, top - 0.175), (0.74, top - 0.11), (0.64, top - 0.11)], rgb("#ece6e0"))
        self.both([(0.7, 0.40), (0.9, 0.40), (0.9, 0.44), (0.7, 0.44)], amber)
        if self.body.has_bed:
            self.panel(
                [(-0.98, 0.42), (0.98, 0.42), (0.98, bumper - 0.02), (-0.98, bumper - 0.02)],
                rgb("#8f9499") if not self.stance.night else _TRIM,
            )
            self.panel([(-0.14, top - 0.12), (0.14, top - 0.12), (0.14, top - 0.06), (-0.14, top - 0.06)], _TRIM)

    def _nose(self, top: float, bumper: float) -> None:
        lamp = rgb("#fffbe0") if self.stance.night else rgb("#e4eaee")
        dark = rgb("#16181a")
        self.panel([(-0.5, bumper + 0.02), (0.5, bumper + 0.02), (0.56, top - 0.05), (-0.56, top - 0.05)], dark)
        for i in range(3):
            z = bumper + 0.05 + i * (top - bumper - 0.1) / 3
            self.panel([(-0.52, z), (0.52, z), (0.52, z + 0.018), (-0.52, z + 0.018)], rgb("#7d8287"))
        self.both([(0.6, top - 0.17), (0.95, top - 0.14), (0.98, top - 0.02), (0.62, top - 0.05)], rgb("#565c62"))
        self.both([(0.66, top - 0.145), (0.92, top - 0.125), (0.93, top - 0.045), (0.68, top - 0.065)], lamp)
        self.both([(0.66, 0.38), (0.86, 0.38), (0.86, 0.45), (0.66, 0.45)], shade(lamp, 0.7))

    def _plate(self, plate: Image.Image) -> None:
        top, bumper = self.deck[0][1], self.body.bumper
        middle = bumper - 0.03 if self.stance.front else (bumper + 0.20 if not self.body.has_bed else bumper + 0.02)
        width, height = 0.25, 0.125
        middle = min(middle, top - height - 0.06)
        pocket = [
            (-width - 0.03, -0.02, middle - height - 0.025),
            (width + 0.03, -0.02, middle - height - 0.025),
            (width + 0.03, -0.02, middle + height + 0.03),
            (-width - 0.03, -0.02, middle + height + 0.03),
        ]
        self.face(pocket, shade(_TRIM, 0.9))
        corners = [
            (-width, -0.03, middle + height),
            (width, -0.03, middle + height),
            (width, -0.03, middle - height),
            (-width, -0.03, middle - height),
        ]
        self.canvas.lay(plate, [self.place(corner) for corner in corners])
