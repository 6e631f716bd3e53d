"""Projections of embeddings to the plane, for looking at them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Num

PERPLEXITY = 30.0
"""t-SNE's usual number of effective neighbours; fewer items take less."""


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
