"""Representational similarity analysis: how alike are two representations of the same items?

Each is described by the cosine similarities of all pairs of its items; two are compared by the
Pearson r of these descriptions (section 3.2.1 of the paper; Kriegeskorte et al. 2008).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Num

from hybridrep.analysis.descriptions import correlate, describe
from hybridrep.analysis.record import Measure


def rsa_correlation(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"]
) -> float:
    """Return Pearson r between the cosine similarities of two representations of the same items.

    NaN when either representation's similarities are constant or not finite.

    Raises:
        ValueError: when the two hold different numbers of items.

    Examples:
        >>> items = np.random.default_rng(0).normal(size=(20, 8))
        >>> round(rsa_correlation(items, 3 * items), 6)
        1.0
    """
    return float(correlate(describe(first[None]), describe(second[None]))[0])


RSA = Measure(
    key="rsa", name="Pearson r of cosine similarities", compares="two representations", low=-1.0,
    high=1.0, best=1.0, higher_means="more alike", symmetric=True,
    invariant_to=frozenset({"common_scale", "item_scale", "rotation", "item_order"}),
    chance="0 when the items of one side are shuffled (`permutation_null`)",
    reference="Kriegeskorte, Mur & Bandettini (2008), Frontiers in Systems Neuroscience 2:4",
    compute=rsa_correlation, describe=describe, compare=correlate,
)  # fmt: skip
"""The measure of `rsa_correlation`."""
