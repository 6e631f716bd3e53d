"""Representational similarity analysis: how alike are two representations of the same items?

Each representation is described by the cosine similarities of all pairs of its items; two
representations are compared by the Pearson r of these descriptions (section 3.2.1 of the paper;
Kriegeskorte et al. 2008). All arithmetic is float64.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Num

from hybridrep.analysis.descriptions import (
    correlate,
    describe,
)
from hybridrep.analysis.record import Measure

RSA = Measure(
    name="Pearson r of cosine similarities",
    compares="two representations of the same items",
    low=-1.0,
    high=1.0,
    higher_means="more alike",
    symmetric=True,
    invariant_to=frozenset({"common_scale", "item_scale", "rotation", "item_order"}),
)
"""The measure of this module."""


def rsa_correlation(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"]
) -> float:
    """Return Pearson r between the cosine similarities of two representations of the same items.

    NaN when either representation's similarities are constant or not finite.
    """
    return float(correlate(describe(first[None]), describe(second[None]))[0])
