"""A small rasteriser: what a mesh looks like from a side and from above.

Orthographic, hidden surfaces by a depth buffer, flat Lambert shading plus ambient light, both
sides of a triangle lit alike, 2 x 2 samples a pixel. NumPy alone, in one fixed order of float64
operations: the same mesh and view give the same bytes.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int, UInt8

from hybridrep.studies.nback.stimuli.meshes import Mesh

SIDE = 112
"""Pixels along an object's patch."""

_SAMPLES = 2
_FILLED = 0.97
"""Share of the patch's side that the object's enclosing sphere takes."""

_AMBIENT, _DIFFUSE = 0.6, 0.45
_LIGHT = np.array([-0.45, -0.62, 0.64])
"""Towards the light, as seen by the viewer: from the left, from the front, from above."""


def render(
    mesh: Mesh, azimuth: float, elevation: float, side: int = SIDE
) -> UInt8[np.ndarray, "side side 4"]:
    """Return a mesh as seen from some degrees around it and above the horizon: RGBA.

    Its size in the picture depends on no view: the sphere around it fills the patch.
    """
    seen = _turned(_centred(mesh.corners), azimuth, elevation)
    size = side * _SAMPLES
    across = np.stack([seen[..., 0], -seen[..., 2]], axis=-1)  # down in the picture is -z
    owner = _nearest(size / 2 * (1 + _FILLED * across), seen[..., 1], size)
    lit = np.append(_lit(seen, mesh.colours), np.zeros((1, 3)), axis=0)  # -1: nothing there
    colour = lit[owner].reshape(size, size, 3)
    cover = (owner >= 0).reshape(size, size, 1).astype(np.float64)
    blocks = np.concatenate([colour * cover, cover], axis=2)
    blocks = blocks.reshape(side, _SAMPLES, side, _SAMPLES, 4)
    mean = (blocks[:, 0, :, 0] + blocks[:, 0, :, 1] + blocks[:, 1, :, 0] + blocks[:, 1, :, 1]) / 4
    rgb = mean[..., :3] / np.maximum(mean[..., 3:], 1 / 8)
    return np.rint(255 * np.concatenate([rgb, mean[..., 3:]], axis=2)).astype(np.uint8)


def _centred(corners: np.ndarray) -> Float64[np.ndarray, "triangles 3 3"]:
    """Return corners about the middle of their box, the farthest at distance 1."""
    points = corners.reshape(-1, 3)
    about = corners - (points.min(axis=0) + points.max(axis=0)) / 2
    return np.asarray(about / np.sqrt(np.square(about).sum(axis=-1).max()))


def _turned(
    corners: np.ndarray, azimuth: float, elevation: float
) -> Float64[np.ndarray, "triangles 3 3"]:
    """Return corners as the viewer sees them: x to the right, y away, z up."""
    x, y, z = np.moveaxis(corners, -1, 0)
    c, s = np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))
    x, y = c * x - s * y, s * x + c * y
    c, s = np.cos(np.radians(elevation)), np.sin(np.radians(elevation))
    return np.stack([x, c * y - s * z, s * y + c * z], axis=-1)


def _lit(seen: np.ndarray, colours: np.ndarray) -> Float64[np.ndarray, "triangles 3"]:
    """Return the triangles' colours in the light."""
    normal = np.cross(seen[:, 1] - seen[:, 0], seen[:, 2] - seen[:, 0])
    length = np.sqrt(np.square(normal).sum(axis=1, keepdims=True))
    normal /= np.maximum(length, 1e-12)
    normal *= np.where(normal[:, 1:2] > 0, -1.0, 1.0)  # the side that is turned to the viewer
    light = _LIGHT / np.sqrt(np.square(_LIGHT).sum())
    facing = normal[:, 0] * light[0] + normal[:, 1] * light[1] + normal[:, 2] * light[2]
    return np.clip(colours * (_AMBIENT + _DIFFUSE * np.maximum(facing, 0))[:, None], 0, 1)


def _nearest(
    flat: Float64[np.ndarray, "triangles 3 2"], depth: Float64[np.ndarray, "triangles 3"], size: int
) -> Int[np.ndarray, " pixels"]:
    """Return, for each sample, the triangle that is nearest there, or -1.

    Every triangle is cut into the rows of samples that it crosses, every row into samples: those
    from its left edge up to its right one. Depth is a plane over a triangle. All at once.
    """
    triangle, row, left, right = _rows(flat, size)
    count = np.maximum(right - left, 0)
    t, column, row = np.repeat(triangle, count), np.repeat(left, count), np.repeat(row, count)
    column += np.arange(len(t)) - np.repeat(np.cumsum(count) - count, count)
    at_corner, per_column, per_row = _planes(flat, depth)
    z = at_corner[t] + per_column[t] * (column + 0.5 - flat[t, 0, 0])
    z += per_row[t] * (row + 0.5 - flat[t, 0, 1])
    pixel = row * size + column
    nearest = np.full(size * size, np.inf)
    np.minimum.at(nearest, pixel, z)
    wins = np.flatnonzero(z == nearest[pixel])[::-1]  # of equals the first triangle, written last
    owner = np.full(size * size, -1)
    owner[pixel[wins]] = t[wins]
    return owner


def _rows(flat: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows of samples that triangles cross: triangle, row, and columns from, up to."""
    low = np.clip(np.ceil(flat[..., 1].min(axis=1) - 0.5), 0, size).astype(np.int64)
    high = np.clip(np.ceil(flat[..., 1].max(axis=1) - 0.5), 0, size).astype(np.int64)
    count = high - low
    t = np.repeat(np.arange(len(flat)), count)
    row = np.repeat(low - np.cumsum(count) + count, count) + np.arange(len(t))
    y = row + 0.5
    left, right = np.full(len(t), np.inf), np.full(len(t), -np.inf)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        (x0, y0), (x1, y1) = flat[t, one].T, flat[t, other].T
        crosses = (y0 <= y) != (y1 <= y)
        along = (y - y0) / np.where(crosses, y1 - y0, 1.0)
        x = x0 + along * (x1 - x0)
        left = np.where(crosses, np.minimum(left, x), left)
        right = np.where(crosses, np.maximum(right, x), right)
    columns = np.clip(np.ceil(np.stack([left, right]) - 0.5), 0, size).astype(np.int64)
    return t, row, columns[0], columns[1]


def _planes(flat: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the depth of triangles at their first corner, and its change by column and row."""
    (ux, uy), (vx, vy) = (flat[:, 1] - flat[:, 0]).T, (flat[:, 2] - flat[:, 0]).T
    u, v = depth[:, 1] - depth[:, 0], depth[:, 2] - depth[:, 0]
    area = ux * vy - vx * uy
    area = np.where(np.abs(area) > 1e-9, area, np.inf)  # seen edge on: as deep as its corner
    return depth[:, 0], (u * vy - v * uy) / area, (v * ux - u * vx) / area
