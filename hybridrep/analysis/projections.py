"""Projections of embeddings to the plane, for looking at them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Num

PERPLEXITY = 30.0
"""t-SNE's usual number of effective neighbours; fewer items take less."""


@dataclass(frozen=True)
class Layout:
    """Points in the plane, and how far their distances are from those that were asked for.

    `stress` is Kruskal's (1964, Psychometrika 29:1) stress-1: 0 is exact, above 0.2 poor.
    """

    points: Float64[np.ndarray, "points 2"]
    stress: float


def mds(distances: Float64[np.ndarray, "points others"]) -> Layout:
    """Lay points out in the plane so that their distances are as given, as well as that goes.

    Metric multidimensional scaling by SMACOF (scikit-learn), started from classical scaling:
    nothing is random. A pair whose distance is not finite is refused.

    Raises:
        ValueError: the matrix is not square, not symmetric, or not finite.

    Examples:
        >>> corners = np.array([[0.0, 3.0, 4.0], [3.0, 0.0, 5.0], [4.0, 5.0, 0.0]])
        >>> found = mds(corners)
        >>> found.points.shape, round(found.stress, 6)
        ((3, 2), 0.0)
    """
    from sklearn.manifold import smacof
    from threadpoolctl import threadpool_limits

    wanted = np.asarray(distances, dtype=np.float64)
    count = len(wanted)
    if wanted.shape != (count, count) or not np.isfinite(wanted).all():
        raise ValueError("distances are a square matrix of finite numbers")
    if not np.allclose(wanted, wanted.T, rtol=0, atol=1e-9 * max(1.0, float(np.abs(wanted).max()))):
        raise ValueError("the distance from one point to another is that back")
    if count < 2 or not wanted.any():
        return Layout(np.zeros((count, 2)), 0.0)
    with threadpool_limits(limits=1):
        start = _classical(wanted)
        points, _ = smacof(
            wanted, metric=True, n_components=2, init=start, n_init=1, max_iter=1000, eps=1e-9,
            normalized_stress=False,
        )  # fmt: skip
    above = np.triu_indices(count, 1)
    found = np.linalg.norm(points[:, None] - points, axis=2)[above]
    squares = float(np.square(found - wanted[above]).sum() / np.square(found).sum())
    return Layout(np.asarray(points, dtype=np.float64), float(np.sqrt(squares)))


def _classical(distances: Float64[np.ndarray, "n n"]) -> Float64[np.ndarray, "n 2"]:
    """Return classical scaling (Torgerson 1952), every axis with its largest point positive."""
    centring = np.eye(len(distances)) - 1 / len(distances)
    values, vectors = np.linalg.eigh(-centring @ np.square(distances) @ centring / 2)
    top = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0.0))
    if top.shape[1] < 2:
        top = np.pad(top, ((0, 0), (0, 2 - top.shape[1])))
    signs = np.sign(top[np.abs(top).argmax(axis=0), range(2)])
    found: Float64[np.ndarray, "n 2"] = top * np.where(signs == 0, 1.0, signs)
    return found


def t_sne(
    embeddings: Num[np.ndarray, "items dim"], seed: int = 0, perplexity: float = PERPLEXITY
) -> Float64[np.ndarray, "items 2"]:
    """Project embeddings to the plane by t-SNE (van der Maaten & Hinton 2008; scikit-learn).

    Deterministic: started from the principal components, with a fixed seed and one thread, so
    that neither the number of cores nor other work changes the picture. Distances between
    clusters and their sizes mean nothing. Items all alike, or fewer than three, come out at 0.

    Args:
        embeddings: one row an item, all finite (`ValueError`).
        seed: seed of the optimisation.
        perplexity: effective number of neighbours, bounded by a third of the other items.

    Examples:
        >>> t_sne(np.eye(6)).shape
        (6, 2)
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    points = np.asarray(embeddings, dtype=np.float64)
    items = len(points)
    if not np.isfinite(points).all():
        raise ValueError("t-SNE needs finite embeddings")
    if items < 3 or not np.ptp(points, axis=0).any():
        return np.zeros((items, 2))
    if points.shape[1] == 1:
        points = np.hstack([points, np.zeros_like(points)])
    model = TSNE(
        n_components=2, init="pca", perplexity=min(perplexity, (items - 1) / 3), random_state=seed
    )
    with threadpool_limits(limits=1):
        positions: np.ndarray = model.fit_transform(points).astype(np.float64)
        return positions
