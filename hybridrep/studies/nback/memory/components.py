"""The front end of the default networks: principal components of the training images' maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

CHUNK = 8_192
"""Units of maps that are worked on at once, so that double precision needs no copy of all."""


@dataclass(frozen=True, eq=False)
class Components:
    """A linear map from flattened feature maps to the components of the training images.

    Attributes:
        mean: of the training images.
        axes: orthonormal, in the order of their variance; the largest entry of each is positive.
        scale: one factor for all, so that the components' variances are 1 on average.
        explained: share of the training images' variance that the components keep.
    """

    mean: Float32[np.ndarray, " units"]
    axes: Float32[np.ndarray, "units components"]
    scale: float
    explained: float

    def of(
        self, maps: Float[np.ndarray, "images units"]
    ) -> Float32[np.ndarray, "images components"]:
        """Return the components of some flattened maps."""
        projected = (maps.astype(np.float32) - self.mean) @ self.axes
        scaled: np.ndarray = (projected * self.scale).astype(np.float32)
        return scaled


def fit_components(maps: Float[np.ndarray, "images units"], count: int) -> Components:
    """Find the principal components of some images' maps, at most images - 1 of them.

    They are found through the images' inner products, in double precision: eigenvectors u of
    X X' with eigenvalues l give the axes X'u / sqrt(l), X being the centred maps.

    Examples:
        >>> maps = np.random.default_rng(0).normal(size=(20, 50))
        >>> found = fit_components(maps, 100)
        >>> found.axes.shape, round(found.explained, 6), round(float(found.of(maps).var()), 4)
        ((50, 19), 1.0, 1.0)

    Raises:
        ValueError: fewer than two images, or images that are all alike.
    """
    images, units = maps.shape
    if images < 2:
        raise ValueError("principal components need two images at least")
    mean = np.zeros(units)
    products = np.zeros((images, images))
    for start in range(0, units, CHUNK):
        part = maps[:, start : start + CHUNK].astype(np.float64)
        mean[start : start + CHUNK] = part.mean(axis=0)
        part -= mean[start : start + CHUNK]
        products += part @ part.T
    values, vectors = np.linalg.eigh(products)
    order = np.argsort(values)[::-1][: min(count, images - 1)]
    order = order[values[order] > values[-1] * 1e-12]
    if not order.size:
        raise ValueError("all images have the same map: nothing tells them apart")
    weights = vectors[:, order] / np.sqrt(values[order])
    axes = np.empty((units, order.size), dtype=np.float32)
    for start in range(0, units, CHUNK):
        chunk = slice(start, start + CHUNK)
        axes[chunk] = (maps[:, chunk].astype(np.float64) - mean[chunk]).T @ weights
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0)
    axes *= np.where(largest < 0, -1, 1).astype(np.float32)
    variance = values[order].sum() / images / order.size
    explained = float(values[order].sum() / values.clip(0).sum())
    return Components(mean.astype(np.float32), axes, float(1 / np.sqrt(variance)), explained)
