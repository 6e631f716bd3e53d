"""Representational similarity analysis: how alike are two representations of the same items?

Each is described by the cosine similarities of all pairs of its items; two are compared by the
Pearson r of these descriptions (section 3.2.1 of the paper; Kriegeskorte et al. 2008).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Num

from hybridrep.analysis.descriptions import Side, correlate, describe
from hybridrep.analysis.record import Measure, Score


def rsa(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"]
) -> Score:
    """Compare the cosine similarities of two representations of the same items by Pearson r.

    NaN, with a note, when either representation's similarities are constant or not finite.

    Raises:
        ValueError: when the two hold different numbers of items.

    Examples:
        >>> items = np.random.default_rng(0).normal(size=(20, 8))
        >>> round(rsa(items, 3 * items).value, 6)
        1.0
    """
    return rsa_scores(describe(first[None]), describe(second[None]))[0]


def rsa_scores(first: Side, second: Side) -> list[Score]:
    """Return `rsa` of two descriptions, per model."""
    note = "constant similarities, too few items, or a value that is not finite"
    return [
        Score(float(r), chance=0.0, n=first.items, note=note if np.isnan(r) else "")
        for r in correlate(first, second)
    ]


RSA = Measure(
    key="rsa.cosine.pearson", name="Pearson r of cosine similarities",
    compares="two representations", low=-1.0, high=1.0, best=1.0, higher_means="more alike",
    symmetric=True,
    invariant_to=frozenset(
        {"common_scale", "item_scale", "rotation", "dimension_order", "item_order"}
    ),
    centres="none", chance="zero", resampling="pair weights", least_items=3,
    cost="n^2 d, or n d1 d2 above 700 items",
    reference="Kriegeskorte, Mur & Bandettini (2008), Frontiers in Systems Neuroscience 2:4",
    oracle="SciPy", compute=rsa, describe=describe, compare=correlate, score=rsa_scores,
)  # fmt: skip
"""The measure of `rsa`, as the paper uses it."""
