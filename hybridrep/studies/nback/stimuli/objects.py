"""The objects of the set `shapes`: eight categories, each a shape with numbers to be varied.

An identity is a draw of its category's numbers, and a palette. The first four of each category
are made by hand, so that they look like what they are; further ones are drawn from
`SeedSequence(stimulus_seed, category, identity)`. Palettes go by the identity's number alone and
are shared by all categories: a colour does not tell the category.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hybridrep.studies.nback.stimuli.meshes import (
    Colour,
    Mesh,
    body_of_revolution,
    box,
    joined,
    loft,
    mirrored,
    prism,
    tube,
    turned,
)

Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Palette:
    """Colours of an object: most of it, its second part, and details."""

    main: Colour
    second: Colour
    detail: Colour


PALETTES = (
    Palette((0.92, 0.24, 0.18), (0.95, 0.88, 0.63), (0.30, 0.30, 0.36)),
    Palette((0.35, 0.74, 0.74), (0.28, 0.36, 0.60), (0.91, 0.94, 0.88)),
    Palette((0.30, 0.75, 0.40), (0.80, 0.55, 0.35), (0.30, 0.30, 0.30)),
    Palette((0.70, 0.42, 0.62), (0.49, 0.80, 0.95), (0.98, 0.98, 0.98)),
    Palette((0.35, 0.50, 0.95), (0.95, 0.80, 0.35), (0.35, 0.35, 0.40)),
    Palette((0.85, 0.70, 0.35), (0.36, 0.52, 0.90), (0.96, 0.96, 0.92)),
    Palette((0.93, 0.90, 0.86), (0.40, 0.42, 0.48), (0.75, 0.40, 0.40)),
    Palette((0.42, 0.45, 0.50), (0.90, 0.92, 0.88), (0.57, 0.85, 0.85)),
)
"""By the number of an identity. The second, fourth, ... of them lies about opposite the one before
it, seen from the grey behind: the mean colours of two objects of a category then cancel whatever
share of the picture its objects take, and a linear decoder has little to tell categories by."""

GLASS: Colour = (0.82, 0.90, 0.96)
RUBBER: Colour = (0.30, 0.30, 0.31)


def _chair(v: Numbers, c: Palette) -> Mesh:
    """A seat, a back, and four legs or one foot; arms if they have a height."""
    w, d, seat, back = v["width"] / 2, v["depth"] / 2, v["seat"], v["back"]
    top = seat + back
    parts = [box((-w, -d, seat), (w, d, seat + 0.09), c.second)]
    if v["slats"] >= 1:
        posts = mirrored(box((w - 0.08, d - 0.08, seat), (w, d, top), c.main))
        rails = np.linspace(seat + 0.25, top - 0.14, int(v["slats"]))
        parts += [posts, *(box((-w, d - 0.06, z), (w, d - 0.01, z + 0.12), c.main) for z in rails)]
    else:
        parts.append(box((-w, d - 0.09, seat), (w, d, top), c.main))
    if v["pedestal"] >= 1:
        parts.append(tube((0, 0, 0.06), (0, 0, seat), (0.06, 0.06), c.detail))
        feet = (tube((0, 0, 0.10), (0.5, 0, 0.03), (0.05, 0.04), c.detail) for _ in range(5))
        parts += [turned(foot, 72 * number) for number, foot in enumerate(feet)]
    else:
        for y in (-d + 0.05, d - 0.05):
            parts.append(
                mirrored(tube((w - 0.05, y, 0), (w - 0.06, y, seat), (0.035, 0.05), c.main))
            )
    if v["arms"] > 0:
        z = seat + v["arms"]
        parts.append(mirrored(box((w - 0.07, -d, z), (w + 0.03, d, z + 0.06), c.detail)))
        post = box((w - 0.05, -d + 0.03, seat), (w + 0.01, -d + 0.09, z), c.detail)
        parts.append(mirrored(post))
    return joined(parts)


def _table(v: Numbers, c: Palette) -> Mesh:
    """A top, round or not, on four legs or one."""
    w, d, high = v["width"] / 2, v["depth"] / 2, v["height"]
    thick = v["thick"]
    if v["round"] >= 1:
        parts = [tube((0, 0, high - thick), (0, 0, high), (w, w), c.main, sides=28)]
    else:
        parts = [box((-w, -d, high - thick), (w, d, high), c.main)]
    if v["pedestal"] >= 1:
        parts += [
            tube((0, 0, 0), (0, 0, high - thick), (0.09, 0.09), c.second),
            tube((0, 0, 0), (0, 0, 0.08), (w * 0.55, w * 0.45), c.second, sides=20),
        ]
    else:
        inset = 0.28 * w if v["round"] >= 1 else 0.07
        for y in (-d + inset, d - inset):
            x = w - inset
            foot = (x + v["splay"], y + np.sign(y) * v["splay"], 0.0)
            leg = tube(foot, (x, y, high - thick), (0.045, 0.065), c.second, sides=8)
            parts.append(mirrored(leg))
    if v["shelf"] > 0:
        z = v["shelf"]
        parts.append(box((-w + 0.08, -d + 0.08, z), (w - 0.08, d - 0.08, z + 0.04), c.detail))
    return joined(parts)


def _car(v: Numbers, c: Palette) -> Mesh:
    """A body with bonnet and cabin, seen through glass, on four wheels; it drives along y."""
    half, w, belt, roof = v["length"] / 2, v["width"] / 2, v["belt"], v["roof"]
    front, rear = (
        v["front"] * half,
        v["rear"] * half,
    )  # ends of the cabin
    floor = 0.17
    low = [(-half, floor), (half, floor), (half, belt * 0.86), (rear, belt), (front, belt),
           (-half + 0.08, belt * 0.74), (-half, belt * 0.6)]  # fmt: skip
    slope, tail = v["slope"], v["tail"]
    cabin = [(front, belt), (rear, belt), (rear - tail, roof), (front + slope, roof)]
    glass = [(front + 0.10, belt + 0.03), (rear - 0.08, belt + 0.03),
             (rear - tail - 0.05, roof - 0.07), (front + slope + 0.04, roof - 0.07)]  # fmt: skip
    windows = prism(glass, "x", -w * 0.86 - 0.012, w * 0.86 + 0.012, GLASS)
    screens = _between(
        ((front + 0.02, belt + 0.03), (front + slope - 0.02, roof - 0.05)), w * 0.76, -0.02
    )
    rear_screen = _between(
        ((rear - 0.02, belt + 0.03), (rear - tail + 0.02, roof - 0.05)), w * 0.76, 0.02
    )
    parts = [
        prism(low, "x", -w, w, c.main), prism(cabin, "x", -w * 0.86, w * 0.86, c.main),
        windows, screens, rear_screen,
        box((-w * 0.98, -half - 0.02, floor), (w * 0.98, -half + 0.1, floor + 0.13), c.detail),
        box((-w * 0.98, half - 0.1, floor), (w * 0.98, half + 0.02, floor + 0.13), c.detail),
        mirrored(box((w * 0.55, -half - 0.015, belt * 0.55), (w * 0.92, -half + 0.05, belt * 0.7),
                     (0.98, 0.96, 0.80))),
        mirrored(box((w * 0.6, half - 0.05, belt * 0.62), (w * 0.94, half + 0.015, belt * 0.78),
                     (0.75, 0.10, 0.08))),
        box((-w - 0.005, -half * 0.96, belt * 0.50), (w + 0.005, half * 0.98, belt * 0.57),
            c.second),
    ]  # fmt: skip
    if v["bed"] >= 1:  # a pickup: the load space behind the cabin is open
        parts.append(box((-w * 0.85, rear + 0.06, belt), (w * 0.85, half - 0.08, belt + 0.01),
                         c.detail))  # fmt: skip
    radius = v["wheel"]
    for y in (-half * 0.62, half * 0.62):
        tyre = tube(
            (w - 0.14, y, radius), (w + 0.03, y, radius), (radius, radius), RUBBER, sides=18
        )
        hub = tube((w, y, radius), (w + 0.045, y, radius), (radius * 0.55,) * 2, c.second, sides=12)
        parts += [mirrored(tyre), mirrored(hub)]
    return joined(parts)


def _between(edge: tuple[tuple[float, float], tuple[float, float]], w: float, dy: float) -> Mesh:
    """Return a pane across the car over an edge of its cabin, a little outside of it."""
    (y0, z0), (y1, z1) = edge
    ring = (
        [(-w, y0 + dy, z0), (w, y0 + dy, z0)],
        [(-w * 0.94, y1 + dy, z1), (w * 0.94, y1 + dy, z1)],
    )
    return loft([np.array(points) for points in ring], GLASS, closed=False)


def _plane(v: Numbers, c: Palette) -> Mesh:
    """A fuselage with wings, a tail and engines; it flies along -y."""
    half, radius = v["length"] / 2, v["radius"]
    profile = [(-half, 0.02), (-half + 0.06, radius * 0.5), (-half + 0.2, radius * 0.88),
               (-half + 0.4, radius), (half * 0.35, radius), (half * 0.75, radius * 0.62),
               (half, radius * 0.14)]  # fmt: skip
    parts = [body_of_revolution(profile, c.main, along="y")]
    span, chord, sweep = v["span"] / 2, v["chord"], v["sweep"]
    z = v["high"] * radius
    wing = [(0.0, -chord / 2), (span, -chord * 0.2 + sweep), (span, chord * 0.2 + sweep),
            (0.0, chord / 2)]  # fmt: skip
    parts.append(mirrored(prism(wing, "z", z - 0.025, z + 0.025, c.second)))
    tail = [(0.0, half * 0.74), (span * 0.4, half * 0.86 + sweep * 0.3),
            (span * 0.4, half * 0.97 + sweep * 0.3), (0.0, half * 0.98)]  # fmt: skip
    lift = 0.05 if v["tee"] < 1 else v["fin"] + radius * 0.4
    parts.append(mirrored(prism(tail, "z", lift - 0.015, lift + 0.015, c.second)))
    fin = [(half * 0.62, radius * 0.3), (half * 0.99, 0.05),
           (half * 1.04, v["fin"] + radius / 2), (half * 0.84, v["fin"] + radius / 2)]  # fmt: skip
    parts.append(prism(fin, "x", -0.02, 0.02, c.second))
    cockpit = [(-half + 0.16, radius * 0.45), (-half + 0.36, radius * 0.45),
               (-half + 0.36, radius * 1.02), (-half + 0.25, radius * 0.98)]  # fmt: skip
    parts.append(prism(cockpit, "x", -radius * 0.6, radius * 0.6, GLASS))
    if v["engines"] >= 1:
        for place in np.linspace(0.34, 0.62, int(v["engines"])):
            y = sweep * place - chord * 0.25
            engine = tube((span * place, y - 0.16, z - 0.10), (span * place, y + 0.2, z - 0.10),
                          (0.085, 0.065), c.detail)  # fmt: skip
            parts.append(mirrored(engine))
    else:  # a propeller
        blade = box((-0.03, -half - 0.05, -0.42), (0.03, -half - 0.02, 0.42), c.detail)
        parts += [blade, tube((0, -half - 0.08, 0), (0, -half + 0.06, 0), (0.03, 0.08), c.detail)]
    return joined(parts)


def _lamp(v: Numbers, c: Palette) -> Mesh:
    """A foot, a stem and a shade."""
    high, low, top = v["height"], v["shade_low"], v["shade_top"]
    tall = v["shade"]
    parts = [
        tube((0, 0, 0), (0, 0, 0.06), (v["foot"], v["foot"] * 0.92), c.second, sides=20),
        tube((0, 0, 0.06), (0, 0, high - tall * 0.5), (v["stem"], v["stem"]), c.second),
        tube((0, 0, high - tall), (0, 0, high), (low, top), c.main, sides=24, closed=False),
        tube((0, 0, high - tall * 0.7), (0, 0, high - tall * 0.3), (0.07, 0.05), (1.0, 0.97, 0.8)),
    ]
    if v["vase"] > 0:
        belly, tallest = v["vase"], high - tall
        profile = [(0.05, belly * 0.5), (tallest * 0.3, belly), (tallest * 0.55, belly * 0.85),
                   (tallest * 0.85, 0.07)]  # fmt: skip
        parts.append(body_of_revolution(profile, c.detail))
    return joined(parts)


def _sofa(v: Numbers, c: Palette) -> Mesh:
    """A broad seat of cushions between two arms and a back, near the floor."""
    w, d, seat, back, arm = v["width"] / 2, v["depth"] / 2, v["seat"], v["back"], v["arm"]
    parts = [
        box((-w, -d, 0.10), (w, d, seat - 0.08), c.main),
        box((-w, d - 0.26, 0.10), (w, d, seat + back), c.main),
        mirrored(box((w, -d, 0.10), (w + v["arm_width"], d, seat + arm), c.main)),
    ]
    count = int(v["cushions"])
    edges = np.linspace(-w, w, count + 1)
    for left, right in pairwise(edges.tolist()):
        parts += [
            box((left + 0.015, -d - 0.03, seat - 0.08), (right - 0.015, d - 0.26, seat + 0.06),
                c.second),
            box((left + 0.03, d - 0.34, seat + 0.07), (right - 0.03, d - 0.24, seat + back - 0.05),
                c.second),
        ]  # fmt: skip
    for y in (-d + 0.08, d - 0.08):
        parts.append(mirrored(tube((w, y, 0), (w, y, 0.1), (0.05, 0.06), c.detail, sides=8)))
    return joined(parts)


def _boat(v: Numbers, c: Palette) -> Mesh:
    """A hull, pointed at the bow, with a cabin or a mast with sails; it sails along -y."""
    half, w, deep = v["length"] / 2, v["width"] / 2, v["depth"]
    rings = []
    for place, wide, keel in ((-1.0, 0.03, 0.45), (-0.72, 0.55, 0.2), (-0.35, 0.9, 0.05),
                              (0.1, 1.0, 0.0), (0.6, 0.92, 0.04), (1.0, 0.74, 0.12)):  # fmt: skip
        sheer = deep * (1 + 0.22 * max(-place, 0) ** 2)
        x, y = w * wide, half * place
        rings.append(
            np.array([(-x, y, sheer), (-x * 0.78, y, deep * (0.45 + keel * 0.4)),
                      (0, y, deep * keel), (x * 0.78, y, deep * (0.45 + keel * 0.4)),
                      (x, y, sheer)])
        )  # fmt: skip
    bands = []
    for y, wide, sheer in ((ring[0, 1], ring[4, 0], ring[0, 2]) for ring in rings):
        edge = (wide * 0.97 + 0.012, y, sheer - 0.11)
        bands.append(np.array([(wide + 0.015, y, sheer), edge]))
    parts = [loft(rings, c.main), mirrored(loft(bands, c.second, closed=False))]
    if v["sail"] > 0:
        tall = deep + v["sail"]
        parts += [
            tube((0, -half * 0.15, deep * 0.5), (0, -half * 0.15, tall), (0.04, 0.025), c.detail),
            prism([(-half * 0.1, deep + 0.2), (half * 0.8, deep + 0.2), (-half * 0.1, tall - 0.03)],
                  "x", -0.012, 0.012, (0.96, 0.95, 0.92)),
            prism([(-half * 0.9, deep + 0.22), (-half * 0.2, deep + 0.22),
                   (-half * 0.2, tall - 0.25)], "x", -0.012, 0.012, c.second),
        ]  # fmt: skip
    if v["cabin"] > 0:
        low, high = deep * 0.9, deep + v["cabin"]
        y0, y1 = half * -0.2, half * (-0.2 + v["cabin_length"])
        parts += [
            box((-w * 0.6, y0, low), (w * 0.6, y1, high), c.second),
            box((-w * 0.62, y0 - 0.02, high - 0.17), (w * 0.62, y1 - 0.1, high - 0.06), GLASS),
            box((-w * 0.68, y0 - 0.06, high), (w * 0.68, y1 + 0.05, high + 0.05), c.main),
        ]
        if v["funnel"] > 0:
            y = (y0 + y1) / 2
            parts.append(tube((0, y, high), (0, y, high + v["funnel"]), (0.11, 0.1), c.detail))
    return joined(parts)


def _bench(v: Numbers, c: Palette) -> Mesh:
    """Long slats to sit on, with or without a back of slats, on two stands."""
    w, d, seat = v["width"] / 2, v["depth"] / 2, v["seat"]
    parts = []
    for y in np.linspace(-d, d - 0.09, int(v["slats"])):
        parts.append(box((-w, y, seat), (w, y + 0.085, seat + 0.045), c.main))
    stand = w * 0.78
    parts.append(mirrored(box((stand - 0.05, -d, 0), (stand + 0.05, -d + 0.09, seat), c.detail)))
    parts.append(mirrored(box((stand - 0.05, d - 0.09, 0), (stand + 0.05, d, seat), c.detail)))
    parts.append(mirrored(box((stand - 0.05, -d, seat - 0.08), (stand + 0.05, d, seat), c.detail)))
    if v["back"] > 0:
        top = seat + v["back"]
        post = [(d - 0.06, seat), (d + 0.02, seat), (d + 0.16, top), (d + 0.08, top)]
        parts.append(mirrored(prism(post, "x", stand - 0.05, stand + 0.05, c.detail)))
        for z in np.linspace(seat + 0.16, top - 0.1, int(v["back_slats"])):
            y = d - 0.05 + 0.14 * (z - seat) / v["back"]
            parts.append(box((-w, y, z), (w, y + 0.04, z + 0.085), c.main))
    if v["arms"] > 0:
        z = seat + v["arms"]
        parts.append(mirrored(box((w - 0.08, -d, z), (w, d, z + 0.05), c.detail)))
        parts.append(mirrored(box((w - 0.07, -d, seat), (w - 0.01, -d + 0.06, z), c.detail)))
    return joined(parts)


@dataclass(frozen=True)
class Category:
    """A kind of object.

    Attributes:
        name: what people call it.
        build: makes an object from its numbers.
        numbers: of each number its name, the range that further objects draw it from (whole
            numbers from a range of whole numbers), and its values in the four made by hand.
    """

    name: str
    build: Callable[[Numbers, Palette], Mesh]
    numbers: tuple[tuple[str, tuple[float, float], tuple[float, float, float, float]], ...]

    @property
    def by_hand(self) -> int:
        """How many objects are made by hand."""
        return len(self.numbers[0][2])

    def numbers_of(self, identity: int, stimulus_seed: int, category: int) -> dict[str, float]:
        """Return the numbers of one identity."""
        if identity < self.by_hand:
            return {name: made[identity] for name, _, made in self.numbers}
        draw = np.random.default_rng(np.random.SeedSequence([stimulus_seed, category, identity]))
        return {name: _drawn(draw, *ends) for name, ends, _ in self.numbers}


CATEGORIES = (
    Category("chair", _chair, (
        ("width", (0.75, 1.05), (0.9, 1.0, 0.95, 0.8)),
        ("depth", (0.8, 1.0), (0.9, 0.95, 0.95, 0.8)),
        ("seat", (0.75, 1.05), (0.85, 0.8, 0.9, 1.05)),
        ("back", (0.7, 1.3), (1.15, 0.95, 1.1, 0.8)),
        ("slats", (0, 4), (0, 3, 0, 4)),
        ("pedestal", (0, 1), (0, 0, 1, 0)),
        ("arms", (0.0, 0.45), (0, 0.38, 0.42, 0)),
    )),
    Category("table", _table, (
        ("width", (1.7, 2.4), (2.2, 1.9, 2.3, 2.0)),
        ("depth", (1.2, 1.7), (1.3, 1.9, 1.4, 2.0)),
        ("height", (0.7, 1.3), (1.15, 1.2, 0.75, 1.05)),
        ("thick", (0.07, 0.16), (0.1, 0.08, 0.14, 0.12)),
        ("round", (0, 1), (0, 1, 0, 1)),
        ("pedestal", (0, 1), (0, 1, 0, 0)),
        ("splay", (0.0, 0.15), (0.0, 0.0, 0.0, 0.14)),
        ("shelf", (0.0, 0.0), (0, 0, 0.25, 0)),
    )),
    Category("car", _car, (
        ("length", (2.3, 3.3), (3.0, 3.0, 3.3, 2.3)),
        ("width", (1.2, 1.45), (1.25, 1.4, 1.35, 1.25)),
        ("belt", (0.66, 0.88), (0.68, 0.86, 0.86, 0.78)),
        ("roof", (1.12, 1.6), (1.12, 1.6, 1.4, 1.34)),
        ("front", (-0.6, -0.36), (-0.38, -0.66, -0.42, -0.56)),
        ("rear", (0.55, 0.95), (0.7, 0.97, 0.12, 0.92)),
        ("slope", (0.26, 0.52), (0.5, 0.28, 0.34, 0.36)),
        ("tail", (0.08, 0.45), (0.42, 0.1, 0.06, 0.3)),
        ("wheel", (0.25, 0.32), (0.26, 0.29, 0.32, 0.27)),
        ("bed", (0, 0), (0, 0, 1, 0)),
    )),
    Category("plane", _plane, (
        ("length", (2.3, 3.2), (3.0, 2.4, 3.1, 2.8)),
        ("radius", (0.18, 0.3), (0.24, 0.24, 0.3, 0.2)),
        ("span", (2.4, 3.2), (3.0, 3.0, 3.2, 2.4)),
        ("chord", (0.6, 1.1), (0.8, 0.6, 0.8, 1.2)),
        ("sweep", (0.0, 0.75), (0.45, 0.0, 0.4, 0.75)),
        ("high", (-0.5, 0.9), (-0.4, 0.9, -0.4, -0.2)),
        ("fin", (0.35, 0.6), (0.5, 0.36, 0.55, 0.55)),
        ("engines", (0, 2), (1, 0, 2, 1)),
        ("tee", (0, 1), (0, 0, 0, 1)),
    )),
    Category("lamp", _lamp, (
        ("height", (1.6, 2.7), (2.6, 1.7, 2.3, 1.9)),
        ("shade_low", (0.42, 0.7), (0.52, 0.62, 0.46, 0.7)),
        ("shade_top", (0.14, 0.4), (0.3, 0.34, 0.46, 0.12)),
        ("shade", (0.45, 0.75), (0.62, 0.72, 0.7, 0.5)),
        ("foot", (0.28, 0.45), (0.42, 0.3, 0.36, 0.34)),
        ("stem", (0.03, 0.07), (0.04, 0.05, 0.05, 0.07)),
        ("vase", (0.0, 0.36), (0, 0.34, 0, 0.2)),
    )),
    Category("sofa", _sofa, (
        ("width", (1.6, 2.6), (2.3, 1.6, 2.6, 2.0)),
        ("depth", (0.95, 1.1), (1.0, 1.05, 1.1, 0.95)),
        ("seat", (0.44, 0.6), (0.5, 0.5, 0.44, 0.6)),
        ("back", (0.36, 0.75), (0.5, 0.72, 0.36, 0.6)),
        ("arm", (0.12, 0.36), (0.28, 0.14, 0.34, 0.3)),
        ("arm_width", (0.12, 0.36), (0.22, 0.3, 0.12, 0.36)),
        ("cushions", (2, 3), (3, 2, 2, 3)),
    )),
    Category("boat", _boat, (
        ("length", (2.4, 3.1), (2.6, 3.0, 2.6, 3.0)),
        ("width", (0.85, 1.2), (0.9, 1.1, 1.0, 1.0)),
        ("depth", (0.42, 0.65), (0.5, 0.6, 0.45, 0.55)),
        ("sail", (1.4, 2.3), (2.0, 0, 0, 2.2)),
        ("cabin", (0.0, 0.6), (0, 0.6, 0.42, 0.3)),
        ("cabin_length", (0.4, 0.9), (0, 0.8, 0.5, 0.7)),
        ("funnel", (0.0, 0.0), (0, 0.45, 0, 0)),
    )),
    Category("bench", _bench, (
        ("width", (2.1, 3.0), (2.6, 2.4, 2.2, 3.0)),
        ("depth", (0.5, 0.72), (0.6, 0.62, 0.7, 0.55)),
        ("seat", (0.52, 0.68), (0.6, 0.66, 0.6, 0.56)),
        ("slats", (3, 5), (4, 3, 5, 3)),
        ("back", (0.45, 0.9), (0.7, 0, 0.85, 0.5)),
        ("back_slats", (2, 4), (3, 0, 4, 2)),
        ("arms", (0.0, 0.38), (0.35, 0, 0, 0.28)),
    )),
)  # fmt: skip
"""The first four are the default."""


def object_mesh(category: int, identity: int, stimulus_seed: int) -> Mesh:
    """Return the object of a category's identity, by their numbers.

    Example:
        >>> object_mesh(0, 0, 0).corners.shape[1:]
        (3, 3)
    """
    kind = CATEGORIES[category]
    numbers = kind.numbers_of(identity, stimulus_seed, category)
    return kind.build(numbers, PALETTES[identity % len(PALETTES)])


def _drawn(draw: np.random.Generator, low: float, high: float) -> float:
    if isinstance(low, int) and isinstance(high, int):
        return float(draw.integers(low, high + 1))
    return float(draw.uniform(low, high))
