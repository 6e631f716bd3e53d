"""Which of many tests remain when their number is taken into account?"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64

from hybridrep.analysis.inference.permutations import TIE, Permuted
from hybridrep.analysis.statistics import holm

Correction = Literal["maxt", "holm", "bh"]
"""Ways to correct for many tests; all but `bh` control the probability of any false positive."""


def correct(
    tests: Permuted | Float[np.ndarray, " tests"], method: Correction = "maxt"
) -> Float64[np.ndarray, " tests"]:
    """Return p values corrected for the number of tests; NaN stays NaN and counts as no test.

    - `maxt`: Westfall & Young's (1993) step-down over the shared permutations: every value is
      standardised by the mean and SD of its own null, and compared with the greatest of those that
      are not decided yet, in every permutation. Uses how the values depend on each other.
    - `holm`: Holm (1979); whatever the dependence.
    - `bh`: Benjamini & Hochberg (1995): the share of false among all positives.

    With B permutations no p is below 1 / (B + 1), so Holm's is none below m / (B + 1) of m tests.

    Args:
        tests: what `permutation` returned or, but for `maxt`, p values.
        method: the correction.

    Raises:
        ValueError: `maxt` of p values alone, which do not tell how they depend on each other, or
            an unknown method.

    Examples:
        >>> correct(np.array([0.01, 0.04, 0.03]), "bh").round(3).tolist()
        [0.03, 0.04, 0.04]
    """
    if method == "maxt":
        if not isinstance(tests, Permuted):
            raise ValueError("maxt needs the permutations, not their p values alone")
        return _max_t(tests)
    p = tests.p if isinstance(tests, Permuted) else np.asarray(tests, dtype=np.float64)
    if method == "holm":
        return holm(p)
    if method != "bh":
        raise ValueError(f"unknown correction {method!r}: write maxt, holm or bh")
    from scipy.stats import false_discovery_control

    corrected = np.full(len(p), math.nan)
    done = np.isfinite(p)
    if done.any():
        corrected[done] = false_discovery_control(p[done])
    return corrected


def _max_t(tests: Permuted) -> Float64[np.ndarray, " tests"]:
    """Westfall & Young's step-down of the greatest value (Ge, Dudoit & Speed 2003, box 2)."""
    values, null = tests.standardised
    defined = np.flatnonzero(np.isfinite(values) & np.isfinite(null).all(axis=0))
    corrected = np.full(len(values), math.nan)
    order = defined[np.argsort(values[defined], kind="stable")]
    greatest = np.full(len(null), -math.inf)
    for test in order:  # from the least to the greatest, so that it holds all that is not decided
        greatest = np.maximum(greatest, null[:, test])
        extreme = np.count_nonzero(greatest >= values[test] - TIE)
        # a two-sided null is centred here and not there, so that its own p may be the greater
        corrected[test] = max((1 + extreme) / (1 + len(null)), tests.p[test])
    corrected[order[::-1]] = np.maximum.accumulate(corrected[order[::-1]])
    return corrected
