"""CKA, Procrustes and nearest neighbours of 25 seeds over epochs, 300 items each, on one core.

The plain sides take one pair of representations after the other, as the packages that people use
do: ckatorch's and pytorch-cka's CKA, both Gram matrices and three products of HSIC_1 a pair, in
float64; SciPy's `procrustes`, which wants the narrower side padded with zeros; and, for nearest
neighbours, scikit-learn's search and the items that both lists hold. The fast sides describe every
representation once and compare all seeds in one call.

`measures_bootstrap`: 1,000 resamples of the items, all six pairs of four representations; the plain
side is rsatoolbox's `bootstrap_sample_pattern` and `compare`, without the noise ceiling that its
`eval_bootstrap_pattern` pools anew in each resample.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.spatial import procrustes
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from benchmarks import report
from benchmarks.harness import Agreement, Part
from benchmarks.rsa import BOTTLENECK, EPOCHS, INPUTS, ITEMS, OUTPUTS, SEEDS, layers, named, sides
from hybridrep.analysis.inference.pair_weights import weighted_correlations
from hybridrep.analysis.measures import MEASURES
from hybridrep.studies.hybrid.names import PAIRS

PLAIN_EPOCHS = 2
PLAIN_RESAMPLES = 10
SHAPE_EPOCHS = 2
WIDE, NARROW = 384, 32
NEIGHBOURS = 10
TOLERANCE = 1e-9

Pair = Callable[[np.ndarray, np.ndarray], float]


def all_pairs(key: str, epochs: int) -> np.ndarray:
    """Compare the six pairs of four representations of all seeds, epochs x seeds x pairs."""
    measure = MEASURES[key]
    assert measure.describe is not None
    assert measure.compare is not None
    with threadpool_limits(1):
        first, last = (measure.describe(each) for each in sides())
        fixed = measure.compare(first, last)
        found = np.empty((epochs, SEEDS, len(PAIRS)))
        for epoch in range(epochs):
            middle, end = (measure.describe(each) for each in layers(epoch))
            by_name = dict(
                zip(("input", "target", "bottleneck", "reconstructed"),
                    (first, last, middle, end), strict=True)
            )  # fmt: skip
            for column, pair in enumerate(PAIRS):
                one, other = pair.split("_vs_")
                unchanged = {one, other} == {"input", "target"}
                found[epoch, :, column] = (
                    fixed if unchanged else measure.compare(by_name[one], by_name[other])
                )
    return found


def pair_by_pair(compute: Pair, epochs: int) -> np.ndarray:
    """Compare the first seed's pairs one by one, epochs x pairs."""
    with threadpool_limits(1):
        return np.array(
            [
                [compute(*(named(epoch, 0)[name] for name in pair.split("_vs_"))) for pair in PAIRS]
                for epoch in range(epochs)
            ]
        )


def hsic_1(k: np.ndarray, l: np.ndarray) -> float:  # noqa: E741
    """The debiased estimate of Song et al., as ckatorch computes it."""
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    product = k @ l
    total = k.sum() * l.sum() / ((n - 1) * (n - 2))
    return float((np.trace(product) + total - 2 * product.sum() / (n - 2)) / (n * (n - 3)))


def plain_cka(first: np.ndarray, second: np.ndarray) -> float:
    """Debiased CKA of one pair."""
    k, l = (side.astype(np.float64) @ side.astype(np.float64).T for side in (first, second))  # noqa: E741
    return hsic_1(k, l) / float(np.sqrt(hsic_1(k, k) * hsic_1(l, l)))


def plain_knn(first: np.ndarray, second: np.ndarray) -> float:
    """Mutual nearest neighbours of one pair, item by item."""
    near = []
    for side in (first.astype(np.float64), second.astype(np.float64)):
        search = NearestNeighbors(n_neighbors=NEIGHBOURS, metric="cosine", algorithm="brute")
        near.append(search.fit(side).kneighbors(return_distance=False))
    shared = [len(set(one) & set(other)) for one, other in zip(*near, strict=True)]
    return float(np.mean(shared)) / NEIGHBOURS


def check_pairs(theirs: np.ndarray, mine: np.ndarray) -> Agreement:
    """Compare the first seed's values."""
    worst = float(np.abs(mine[: len(theirs), 0] - theirs).max())
    return Agreement(f"values within {worst:.0e}", worst <= TOLERANCE)


@cache
def shapes(dims: int) -> tuple[np.ndarray, np.ndarray]:
    """A changing side, epochs x seeds, and a fixed one of 300 dimensions."""
    rng = np.random.default_rng(2)
    return (
        rng.standard_normal((SHAPE_EPOCHS, SEEDS, ITEMS, dims)),
        rng.standard_normal((SEEDS, ITEMS, OUTPUTS)),
    )


def plain_shapes(dims: int) -> np.ndarray:
    """SciPy's disparity of the first seed, one a pair."""
    changing, fixed = shapes(dims)
    width = max(dims, OUTPUTS)

    def padded(side: np.ndarray) -> np.ndarray:
        return np.pad(side, ((0, 0), (0, width - side.shape[1])))

    with threadpool_limits(1):
        return np.array([procrustes(padded(fixed[0]), padded(epoch[0]))[2] for epoch in changing])


def fast_shapes(dims: int) -> np.ndarray:
    """The similarity of all seeds and epochs, epochs x seeds."""
    measure = MEASURES["procrustes"]
    assert measure.describe is not None
    assert measure.compare is not None
    changing, fixed = shapes(dims)
    with threadpool_limits(1):
        side = measure.describe(fixed)
        return np.stack([measure.compare(measure.describe(epoch), side) for epoch in changing])


def check_shapes(theirs: np.ndarray, mine: np.ndarray) -> Agreement:
    """Compare SciPy's disparity, 1 - s^2, of the first seed."""
    worst = float(np.abs(1 - mine[:, 0] ** 2 - theirs).max())
    return Agreement(f"disparities within {worst:.0e}", worst <= TOLERANCE)


Drawn = tuple[np.ndarray, np.ndarray]
"""The items of each resample, and r of all pairs in it."""


def plain_bootstrap() -> Drawn:
    """Resample the items with rsatoolbox, whose generator is NumPy's own, and compare."""
    from rsatoolbox.inference.bootstrap import bootstrap_sample_pattern
    from rsatoolbox.rdm import RDMs, compare

    items, values = [], []
    with threadpool_limits(1):
        whole = RDMs(1 - report.matrices())
        for _ in range(PLAIN_RESAMPLES):
            sample, drawn = bootstrap_sample_pattern(whole)
            items.append(drawn)
            values.append(compare(sample, sample, method="corr"))
    return np.array(items), np.array(values)


def check_bootstrap(theirs: Drawn, mine: np.ndarray) -> Agreement:
    """Compare r in the resamples that rsatoolbox has drawn."""
    drawn, values = theirs
    weights = np.stack([np.bincount(items, minlength=report.ITEMS) for items in drawn])
    own = weighted_correlations(report.matrices(), weights.astype(np.float64))
    worst = float(np.abs(own - values).max())
    spread = float(np.abs(np.diff([mine.std(axis=0), values.std(axis=0)], axis=0)).max())
    return Agreement(f"r within {worst:.0e}, SDs within {spread:.3f}", worst <= TOLERANCE)


def parts() -> list[Part]:
    """CKA and neighbours of all pairs, shapes of 384 and 32 against 300 dimensions, bootstrap."""
    sizes = {"seeds": SEEDS, "items": ITEMS, "cores": 1}
    described = EPOCHS * (BOTTLENECK + OUTPUTS) + INPUTS + OUTPUTS
    # One triangle of products a representation, one scalar product a pair; float64 counts double.
    grams = ITEMS * (ITEMS + 1) * described
    pairs = ITEMS * (ITEMS - 1) * len(PAIRS) * EPOCHS
    common = {"bytes": 0.0, "plain_threads": 1, "fast_threads": 1}
    every = [
        Part(
            name=name,
            plain=lambda compute=compute: pair_by_pair(compute, PLAIN_EPOCHS),
            fast=lambda key=key: all_pairs(key, EPOCHS),
            flops=2.0 * SEEDS * (grams + pairs),
            sizes={
                **sizes, "epochs": EPOCHS, "pairs": len(PAIRS),
                "plain": f"1 seed and {PLAIN_EPOCHS} epochs timed, multiplied; pair by pair",
            },
            check=check_pairs,
            plain_share=PLAIN_EPOCHS / (SEEDS * EPOCHS),
            **common,
        )
        for name, key, compute in (
            ("measures_cka", "cka", plain_cka),
            ("measures_knn", f"mutual_knn.k{NEIGHBOURS}", plain_knn),
        )
    ]  # fmt: skip
    return every + [
        Part(
            name=name,
            plain=lambda dims=dims: plain_shapes(dims),
            fast=lambda dims=dims: fast_shapes(dims),
            # X'Y and the eigenvalues of its smaller square; float64 counts double.
            flops=2.0 * SHAPE_EPOCHS * SEEDS * (
                2 * ITEMS * min(dims, ITEMS) * OUTPUTS + 4 / 3 * min(dims, ITEMS) ** 3
            ),
            sizes={
                **sizes, "epochs": SHAPE_EPOCHS, "dims": f"{dims} against {OUTPUTS}",
                "plain": "1 seed timed, multiplied; pair by pair",
            },
            check=check_shapes,
            plain_share=1 / SEEDS,
            **common,
        )
        for name, dims in (("measures_procrustes", WIDE), ("measures_procrustes_32", NARROW))
    ] + [
        Part(
            name="measures_bootstrap",
            plain=plain_bootstrap,
            fast=report.fast,
            flops=report.FLOPS,
            sizes={
                "items": report.ITEMS, "resamples": report.RESAMPLES, "pairs": report.PAIRS,
                "cores": 1, "plain": f"{PLAIN_RESAMPLES} resamples timed, multiplied; rsatoolbox",
            },
            check=check_bootstrap,
            plain_share=PLAIN_RESAMPLES / report.RESAMPLES,
            **common,
        )
    ]  # fmt: skip
