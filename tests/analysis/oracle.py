"""The arrays of which other packages' values are known, and what all tests of measures share."""

import numpy as np
from scipy.spatial.distance import squareform
from scipy.stats import pearsonr

from hybridrep.analysis.descriptions import lower_triangle
from hybridrep.analysis.similarity import cosine_similarity

TIGHT = 1e-9
"""Relative difference from another package that computes in float64."""


def arrays() -> tuple[np.ndarray, np.ndarray]:
    """40 items of 12 and of 8 independent dimensions."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((40, 12)), rng.standard_normal((40, 8))


FIRST, SECOND = arrays()
for array in (FIRST, SECOND):
    array.flags.writeable = False

SHAPES = {
    "more dimensions than items": (12, 30, 20),
    "one item more than dimensions": (13, 12, 6),
    "one dimension": (30, 1, 3),
    "many items": (60, 5, 4),
}
"""Numbers of items, first and second dimensions."""


def related(items: int, first: int, second: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two representations with something in common."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(items, first))
    mixing = rng.normal(size=(first, second)) / np.sqrt(first)
    return x, x @ mixing + rng.normal(size=(items, second))


def integers(items: int = 15) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers with many ties among their distances, and some equal items."""
    rng = np.random.default_rng(2)
    x, y = (rng.integers(0, 3, size=(items, dim)).astype(np.float64) for dim in (4, 3))
    x[1], y[1] = x[0], y[0]
    return x, y


def repeated(items: np.ndarray, repeats: int) -> np.ndarray:
    """Items measured with noise: items x repeats x dims."""
    rng = np.random.default_rng(items.shape[1])
    return items[:, None] + rng.normal(size=(len(items), repeats, items.shape[1]))


def condensed(pairs: np.ndarray, items: int) -> np.ndarray:
    """Ours, by rows of the lower triangle, in SciPy's order."""
    matrix = np.zeros((items, items))
    matrix[np.tril_indices(items, -1)] = pairs
    return squareform(matrix + matrix.T)


def similarities(seed: int, items: int = 14, k: int = 3) -> np.ndarray:
    """Cosines of k representations of the same items, with something in common."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(items, 6)) + 1
    return np.stack(
        [cosine_similarity(shared + 0.7 * rng.normal(size=(items, 6))) for _ in range(k)]
    )


def plain_r(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson r of two matrices of similarities over all pairs, by SciPy."""
    return float(pearsonr(lower_triangle(first), lower_triangle(second)).statistic)
