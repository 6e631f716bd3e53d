"""RSA of 25 autoencoders over 50 epochs, six pairs of representations, 300 items each.

The plain side takes one pair after the other with rsatoolbox on one core: a dissimilarity matrix
of each representation, and their correlation. rsatoolbox has no cosines; the quickest way to
their Pearson r is its squared Euclidean distance between unit rows, 2 - 2 cosine. Both sides
compute in float64. Against a user who keeps the matrices between pairs and epochs, as the fast
side does, the ratio is about 3: what remains of both is matrix products.
"""

from __future__ import annotations

import warnings
from functools import cache
from itertools import combinations

import numpy as np
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm, compare
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr
from threadpoolctl import threadpool_limits

from benchmarks.harness import Agreement, Part
from hybridrep.studies.hybrid.names import PAIRS
from hybridrep.studies.hybrid.pairs import fix_sides

SEEDS, EPOCHS, ITEMS = 25, 50, 300
INPUTS, BOTTLENECK, OUTPUTS = 768, 32, 300
DISTINCT_EPOCHS = 5
PLAIN_EPOCHS = 2
TOLERANCE = 1e-9

Layers = tuple[np.ndarray, np.ndarray]


@cache
def sides() -> Layers:
    """Inputs with a mean cosine near 0.97, as BERT's, and targets; one array for all seeds."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((SEEDS, ITEMS, INPUTS)) / 6 + rng.standard_normal(INPUTS)
    return inputs.astype(np.float32), rng.standard_normal((SEEDS, ITEMS, OUTPUTS), np.float32)


@cache
def layers(epoch: int) -> Layers:
    """Bottlenecks and reconstructions of all seeds, which carry something of both sides.

    Every fifth epoch is the same, which saves memory and no work.
    """
    if epoch >= DISTINCT_EPOCHS:
        return layers(epoch % DISTINCT_EPOCHS)
    rng = np.random.default_rng((1, epoch))
    inputs, targets = sides()
    mixing = rng.standard_normal((INPUTS, BOTTLENECK), np.float32) / 28
    bottleneck = np.tanh(inputs @ mixing) + targets[..., :BOTTLENECK] / 4
    outward = rng.standard_normal((BOTTLENECK, OUTPUTS), np.float32) / 6
    return bottleneck, bottleneck @ outward + targets / 2


def plain() -> np.ndarray:
    """Correlate the first seed's pairs with rsatoolbox, epochs x pairs."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        return np.array([[_pair(epoch, pair) for pair in PAIRS] for epoch in range(PLAIN_EPOCHS)])


def _pair(epoch: int, pair: str) -> float:
    """Describe both representations of a pair and compare them."""
    rdms = []
    for name in pair.split("_vs_"):
        rows = named(epoch, 0)[name].astype(np.float64)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        rdms.append(calc_rdm(Dataset(rows), method="euclidean"))
    return float(compare(*rdms, method="corr").item())


def named(epoch: int, seed: int) -> dict[str, np.ndarray]:
    """One seed's four representations at an epoch."""
    names = ("input", "target", "bottleneck", "reconstructed")
    return dict(zip(names, (array[seed] for array in (*sides(), *layers(epoch))), strict=True))


def fast() -> np.ndarray:
    """Correlate all pairs of all seeds and epochs, epochs x seeds x pairs, on one core."""
    with threadpool_limits(1):
        fixed = fix_sides(*sides())
        return np.stack([fixed.pairs(*layers(epoch)) for epoch in range(EPOCHS)])


def check(theirs: np.ndarray, mine: np.ndarray) -> Agreement:
    """Compare both with SciPy, all in float64."""
    worst = float(np.abs(mine[:PLAIN_EPOCHS, 0] - theirs).max())
    for seed in (0, SEEDS - 1):
        cosines = {
            name: 1 - pdist(v.astype(np.float64), "cosine") for name, v in named(0, seed).items()
        }
        for first, second in combinations(cosines, 2):
            name = next(p for p in PAIRS if {first, second} == set(p.split("_vs_")))
            truth = pearsonr(cosines[first], cosines[second]).statistic
            worst = max(worst, abs(float(mine[0, seed, PAIRS.index(name)]) - float(truth)))
    said = f"r within {worst:.0e}; only about 3x against a user who keeps the matrices"
    return Agreement(said, worst <= TOLERANCE)


def parts() -> list[Part]:
    """All seeds, epochs and pairs."""
    for epoch in range(DISTINCT_EPOCHS):
        layers(epoch)
    pairs = ITEMS * (ITEMS - 1) // 2
    products = EPOCHS * (BOTTLENECK + OUTPUTS) + INPUTS + OUTPUTS
    # One triangle of cosines a representation (all that BLAS computes of A A'), one scalar product
    # a pair; float64 counts double.
    cosines = ITEMS * (ITEMS + 1) * products
    flops = 2 * SEEDS * (cosines + 2 * pairs * len(PAIRS) * EPOCHS)
    sizes = {
        "seeds": SEEDS,
        "epochs": EPOCHS,
        "pairs": len(PAIRS),
        "items": ITEMS,
        "inputs": INPUTS,
        "bottleneck": BOTTLENECK,
        "outputs": OUTPUTS,
        "cores": 1,
        "plain": f"1 seed and {PLAIN_EPOCHS} epochs timed, multiplied; pair by pair",
        "against_kept_matrices": "about 3x a user who keeps them between pairs and epochs",
    }
    return [
        Part(
            name="rsa",
            plain=plain,
            fast=fast,
            flops=flops,
            bytes=0.0,
            sizes=sizes,
            check=check,
            plain_share=PLAIN_EPOCHS / (SEEDS * EPOCHS),
            plain_threads=1,
            fast_threads=1,
        )
    ]
