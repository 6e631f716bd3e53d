"""Is there any relation? Random pairings of the items say what there is without one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.descriptions import LEAST_SD
from hybridrep.analysis.inference.pair_weights import centred_off_diagonal

TIE = 1e-12
"""Correlations closer than this are equal up to rounding; a permutation counts them as ties."""


Alternative = Literal["two-sided", "greater", "less"]
"""Which values speak against chance: those far from 0 either way, high ones, or low ones."""


def permutation_null(
    permuted: Float[np.ndarray, "items items"], others: Float[np.ndarray, "k items items"],
    permutations: int, rng: np.random.Generator,
) -> Float64[np.ndarray, "permutations k"]:  # fmt: skip
    """Return r of a similarity matrix with others after random permutations of its items.

    Rows and columns of the symmetric matrix are permuted together, so its mean and variance stay
    what they are, and every r is one scalar product; all others share each permutation.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> matrix = np.corrcoef(rng.normal(size=(20, 5)))
        >>> permutation_p(1.0, permutation_null(matrix, matrix[None], 99, rng)[:, 0])
        0.01
    """
    items = len(permuted)
    moved = _normalised(permuted)
    fixed = np.stack([_normalised(matrix).ravel() for matrix in others])
    null = np.empty((permutations, len(others)))
    rows, both = np.empty((items, items)), np.empty((items, items))
    turned = np.empty((items, items))
    for index in range(permutations):
        order = rng.permutation(items)
        moved.take(order, axis=0, out=rows, mode="clip")
        np.copyto(turned, rows.T)  # whole rows are taken 2.5 times as fast as columns
        turned.take(order, axis=0, out=both, mode="clip")
        null[index] = fixed @ both.ravel()
    return null


def _normalised(matrix: Float[np.ndarray, "items items"]) -> Float64[np.ndarray, "items items"]:
    """Return the centred matrix with Frobenius norm 1; NaN when it is constant."""
    centred = centred_off_diagonal(matrix)
    norm = float(np.linalg.norm(centred))
    if norm <= LEAST_SD * len(matrix):
        norm = math.nan
    return centred / norm


def permutation_p(r: float, null: Float[np.ndarray, " permutations"]) -> float:
    """Return how rarely shuffled items give so strong a relation, either way (Nili et al. 2014).

    That is (1 + count) / (1 + n) of permutations with |r| as high or higher: two-sided, as every
    other p of a report. NaN for an undefined r.

    Examples:
        >>> permutation_p(0.5, np.array([0.1, -0.6, 0.2]))
        0.5
    """
    if math.isnan(r) or np.isnan(null).any():
        return math.nan
    extreme = np.count_nonzero(np.abs(null) >= abs(r) - TIE)
    return float((1 + extreme) / (1 + len(null)))


@dataclass(frozen=True, eq=False)
class Permuted:
    """Values, and what random pairings of the items give instead, the same ones for all of them.

    Attributes:
        values: as the items are.
        null: of every random order of the second side's items.
        alternatives: of each value, what speaks against chance.

    Examples:
        >>> found = Permuted(np.array([0.9]), np.array([[0.1], [-0.2], [0.3]]), ("greater",))
        >>> found.p.tolist(), found.chance.round(3).tolist(), found.z.round(2).tolist()
        ([0.25], [0.067], [3.31])
    """

    values: Float64[np.ndarray, " values"]
    null: Float64[np.ndarray, "permutations values"]
    alternatives: tuple[Alternative, ...]

    @cached_property
    def chance(self) -> Float64[np.ndarray, " values"]:
        """Mean of every value's null."""
        mean: np.ndarray = self.null.mean(axis=0)
        return mean

    @cached_property
    def chance_sd(self) -> Float64[np.ndarray, " values"]:
        """Standard deviation of every value's null."""
        sd: np.ndarray = self.null.std(axis=0, ddof=1)
        return sd

    @cached_property
    def z(self) -> Float64[np.ndarray, " values"]:
        """How many standard deviations of its null each value lies above chance."""
        sd = np.where(self.chance_sd > TIE, self.chance_sd, math.nan)
        z: np.ndarray = (self.values - self.chance) / sd
        return z

    @cached_property
    def p(self) -> Float64[np.ndarray, " values"]:
        """(1 + count) / (1 + B), uncorrected: how rarely B random pairings give as much."""
        values, null = self._against_chance(self.values), self._against_chance(self.null)
        extreme = (null >= values - TIE).sum(axis=0)
        p = (1 + extreme) / (1 + len(null))
        undefined = np.isnan(self.values) | np.isnan(self.null).any(axis=0)
        return np.where(undefined, math.nan, p)

    def _against_chance(self, values: Float64[np.ndarray, "*some"]) -> Float64[np.ndarray, "*some"]:
        """Return values so that higher ones always speak against chance."""
        kinds = np.array(self.alternatives)
        turned = np.where(kinds == "less", -values, values)
        return np.where(kinds == "two-sided", np.abs(values), turned)

    @property
    def standardised(
        self,
    ) -> tuple[Float64[np.ndarray, " values"], Float64[np.ndarray, "permutations values"]]:
        """Values and null, each less the mean and divided by the SD of its own null.

        Turned so that higher ones speak against chance, all on one scale.
        """
        sd = np.where(self.chance_sd > TIE, self.chance_sd, math.nan)
        scaled = ((each - self.chance) / sd for each in (self.values, self.null))
        values, null = (self._against_chance(each) for each in scaled)
        return values, null


def permutation(
    values: Callable[[Int[np.ndarray, " items"]], Any], items: int, permutations: int = 1000, *,
    rng: np.random.Generator, alternatives: Alternative | Sequence[Alternative] = "two-sided",
) -> Permuted:  # fmt: skip
    """Ask whether there is any relation, by random pairings of the items.

    Every order is shared by all values, so that `correct` can use their dependence.

    Args:
        values: of an order of the items, what is asked when the second side's items (of every
            pair) are taken in that order: one number or several. It is called with the items' own
            order first.
        items: how many there are.
        permutations: how many random orders.
        rng: source of the orders.
        alternatives: of every value, or of all: "two-sided" where 0 is the middle (RSA, debiased
            CKA), "greater" where chance is above 0, "less" for distances.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first = rng.normal(size=30)
        >>> second = first + rng.normal(size=30)
        >>> r = lambda order: np.corrcoef(first, second[order])[0, 1]
        >>> permutation(r, 30, 199, rng=rng).p.tolist()
        [0.005]
    """
    observed = np.ravel(np.asarray(values(np.arange(items)), dtype=np.float64))
    null = np.empty((permutations, len(observed)))
    for index in range(permutations):
        null[index] = np.ravel(np.asarray(values(rng.permutation(items)), dtype=np.float64))
    if isinstance(alternatives, str):
        alternatives = (alternatives,) * len(observed)
    return Permuted(observed, null, tuple(alternatives))
