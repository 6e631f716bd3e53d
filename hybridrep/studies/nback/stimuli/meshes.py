"""Coloured triangles, and the few solids that objects are put together from.

Right is x, away from the viewer y, up z; lengths are in units of the object's own making.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

Colour = tuple[float, float, float]
"""Red, green and blue from 0 to 1."""

Point = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles with a colour each."""

    corners: Float64[np.ndarray, "triangles 3 3"]
    colours: Float64[np.ndarray, "triangles 3"]

    @classmethod
    def of(cls, corners: np.ndarray, colour: Colour) -> Mesh:
        """Return triangles of one colour."""
        return cls(corners, np.tile(np.asarray(colour, dtype=np.float64), (len(corners), 1)))


def joined(meshes: Iterable[Mesh]) -> Mesh:
    """Return the triangles of several meshes as one."""
    every = list(meshes)
    return Mesh(
        np.concatenate([each.corners for each in every]),
        np.concatenate([each.colours for each in every]),
    )


def loft(rings: Sequence[np.ndarray], colour: Colour, closed: bool = True) -> Mesh:
    """Return the skin over rings of equally many points, `closed` by flat ends.

    Args:
        rings: each [points, 3], in the order in which they are joined.
    """
    stack = np.stack(rings).astype(np.float64)
    here, there = stack[:-1], stack[1:]
    after_here, after_there = np.roll(here, -1, axis=1), np.roll(there, -1, axis=1)
    parts = [
        np.stack([here, after_here, there], axis=2).reshape(-1, 3, 3),
        np.stack([after_here, after_there, there], axis=2).reshape(-1, 3, 3),
    ]
    for ring in (stack[0], stack[-1]) if closed else ():
        middle = np.broadcast_to(ring.mean(axis=0), ring.shape)
        parts.append(np.stack([middle, ring, np.roll(ring, -1, axis=0)], axis=1))
    return Mesh.of(np.concatenate(parts), colour)


def box(low: Point, high: Point, colour: Colour) -> Mesh:
    """Return an upright box between two opposite corners."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    outline = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return loft([np.array([(x, y, z) for x, y in outline]) for z in (z0, z1)], colour)


def tube(start: Point, end: Point, radii: tuple[float, float], colour: Colour, *,
         sides: int = 12, closed: bool = True) -> Mesh:  # fmt: skip
    """Return a round bar from one point to another, as thick at each as its radius says."""
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    axis = (last - first) / np.sqrt(np.square(last - first).sum())
    helper = np.eye(3)[int(np.argmin(np.abs(axis)))]
    one = np.cross(axis, helper)
    one /= np.sqrt(np.square(one).sum())
    other = np.cross(axis, one)
    angles = 2 * np.pi * np.arange(sides) / sides
    circle = np.cos(angles)[:, None] * one + np.sin(angles)[:, None] * other
    rings = [point + radius * circle for point, radius in zip((first, last), radii, strict=True)]
    return loft(rings, colour, closed)


def prism(outline: Sequence[tuple[float, float]], along: str, low: float, high: float,
          colour: Colour) -> Mesh:  # fmt: skip
    """Return a flat outline made thick: along x (outline in y, z), y (x, z) or z (x, y).

    The outline must be seen whole from its middle, or its ends would fold.
    """
    place = "xyz".index(along)
    flat = np.asarray(outline, dtype=np.float64)
    return loft([np.insert(flat, place, depth, axis=1) for depth in (low, high)], colour)


def body_of_revolution(profile: Sequence[tuple[float, float]], colour: Colour, *, along: str = "z",
                       sides: int = 16, closed: bool = True) -> Mesh:  # fmt: skip
    """Return a solid that is round about an axis, from pairs (place on the axis, radius)."""
    place = "xyz".index(along)
    angles = 2 * np.pi * np.arange(sides) / sides
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rings = [np.insert(radius * circle, place, where, axis=1) for where, radius in profile]
    return loft(rings, colour, closed)


def moved(mesh: Mesh, by: Point = (0.0, 0.0, 0.0), scale: Point = (1.0, 1.0, 1.0)) -> Mesh:
    """Return a mesh stretched about the origin, then moved."""
    return Mesh(mesh.corners * np.asarray(scale) + np.asarray(by), mesh.colours)


def mirrored(mesh: Mesh) -> Mesh:
    """Return a mesh and its mirror image from right to left."""
    return joined([mesh, moved(mesh, scale=(-1.0, 1.0, 1.0))])


def turned(mesh: Mesh, degrees: float) -> Mesh:
    """Return a mesh turned about the upright axis."""
    x, y, z = np.moveaxis(mesh.corners, -1, 0)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return Mesh(np.stack([c * x - s * y, s * x + c * y, z], axis=-1), mesh.colours)
