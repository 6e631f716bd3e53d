"""How much one representation carries of two others at once, and the most that any could carry.

Let u_g, u_t and u_z be the centred pairwise similarities of three representations of the same
items, scaled to length 1, and rho = r(g, t). The matrix of their three correlations is that of
inner products, hence positive semi-definite, and its determinant is at least 0:
x^2 + y^2 - 2 rho x y <= 1 - rho^2 with x = r(z, g), y = r(z, t). So whatever z is, (x, y) lies
in an ellipse, and the smaller of the two is at most sqrt((1 + rho) / 2), reached where z's
similarities are the mean of both.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

Numbers = Float[np.ndarray, "..."] | float
"""One number, or an array of some; functions of several take them in equal or fitting shapes."""


def diffusibility(with_first: Numbers, with_second: Numbers) -> Numbers:
    """Return the smaller of a representation's correlations with the two that it should carry.

    Args:
        with_first: correlation with the first, -1 to 1; NaN where it is not defined.
        with_second: the same with the second.

    Examples:
        >>> diffusibility(np.array([0.7, 0.2]), np.array([0.6, 0.9])).tolist()
        [0.6, 0.2]
    """
    smaller: Numbers = np.minimum(np.float64(with_first), np.float64(with_second))
    return smaller


def diffusibility_ceiling(
    between: Numbers,
) -> Numbers:
    """Return the largest diffusibility that any representation can have: sqrt((1 + rho) / 2).

    Args:
        between: rho, the correlation of the two that should be carried; -1 to 1.

    Examples:
        >>> diffusibility_ceiling(np.array([0.0, 1.0])).round(3).tolist()
        [0.707, 1.0]
    """
    highest: Numbers = np.sqrt((1 + np.float64(between)) / 2)
    return highest


def ellipse_excess(
    with_first: Numbers, with_second: Numbers,
    between: Numbers,
) -> Numbers:  # fmt: skip
    """Return x^2 + y^2 - 2 rho x y - (1 - rho^2): above 0 for no three representations.

    Rounding apart (1e-9 and less), a positive value means that the three correlations are not of
    the same items.

    Examples:
        >>> corner = np.array(0.5**0.5)
        >>> bool(abs(ellipse_excess(corner, corner, np.array(0.0))) < 1e-12)
        True
    """
    x, y, rho = np.float64(with_first), np.float64(with_second), np.float64(between)
    excess: Numbers = x**2 + y**2 - 2 * rho * x * y - (1 - rho**2)
    return excess


def ellipse(between: float, points: int = 181) -> Float64[np.ndarray, "points both"]:
    """Return the edge of what is possible, as points (r with the first, r with the second).

    With an angle a it is (cos(a), cos(a - arccos(rho))): z's similarities lie in the plane of
    both others, at the angle a from the first.

    Args:
        between: rho, the correlation of the two representations.
        points: how many; the last is the first again.

    Examples:
        >>> ellipse(0.0, 5).round(3).tolist()[:2]
        [[1.0, 0.0], [0.0, 1.0]]
    """
    angle = np.linspace(0, 2 * np.pi, points)
    return np.stack([np.cos(angle), np.cos(angle - np.arccos(between))], axis=1)
