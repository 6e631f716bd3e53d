"""Canonical correlations: how much of their linear subspaces do two representations share?

With U the left singular vectors of the centred items, the canonical correlations are the singular
values of Ux'Uy. Of p and q dimensions on n items, p + q - (n - 1) are exactly 1 whatever the data,
if that is above 0: the measures of this module then refuse. Sources: Raghu et al. (2017, NeurIPS)
for SVCCA, Morcos et al. (2018, NeurIPS) for PWCCA, Kornblith et al. (2019, ICML) for both means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.alignment import RIGID
from hybridrep.analysis.centring import (
    centred,
    check_same_items,
    one_model,
    pair_notes,
    scores,
)
from hybridrep.analysis.record import Measure, Score

ITEMS_A_DIMENSION = 10
"""With fewer items for each dimension canonical correlations are high whatever the data."""

Basis = Float64[np.ndarray, "items _"]


@dataclass(frozen=True)
class CanonicalSide:
    """One side of a comparison of subspaces, for many models.

    Attributes:
        bases: per model an orthonormal basis of the items' columns.
        loadings: per model the items' coordinates in it, basis vectors x dims.
        notes: per model why nothing can be computed of it, or "".
        items: number of items.
    """

    bases: tuple[Basis, ...]
    loadings: tuple[Float64[np.ndarray, "_ dim"], ...]
    notes: tuple[str, ...]
    items: int


def check_share(variance: float) -> None:
    """Refuse a share of the variance that is none.

    Raises:
        ValueError: when it is not above 0 and at most 1.
    """
    if not 0 < variance <= 1:
        raise ValueError(f"variance is a share above 0 and at most 1, not {variance}")


def describe_canonical(
    embeddings: Num[np.ndarray, "models items dim"], variance: float = 1.0
) -> CanonicalSide:
    """Describe one side for `cca`, `svcca` and `pwcca`, for many models at once.

    Args:
        embeddings: many models' items.
        variance: share of the variance whose leading components are kept.

    Raises:
        ValueError: when the share is not above 0 and at most 1.

    Examples:
        >>> models = np.random.default_rng(0).normal(size=(5, 20, 4))
        >>> [basis.shape for basis in describe_canonical(models).bases][:2]
        [(20, 4), (20, 4)]
    """
    check_share(variance)
    side = centred(embeddings)
    bases, loadings = [], []
    for rows, note in zip(side.rows, side.notes, strict=True):
        left, s, right = np.linalg.svd(rows, full_matrices=False)
        count = 0
        if not note and s.size:
            count = int(np.count_nonzero(s > max(rows.shape) * np.finfo(np.float64).eps * s[0]))
            if variance < 1:
                shares = np.cumsum(s[:count] ** 2) / float(s[:count] @ s[:count])
                count = min(count, int(np.searchsorted(shares, variance)) + 1)
        bases.append(left[:, :count])
        loadings.append(s[:count, None] * right[:count])
    return CanonicalSide(tuple(bases), tuple(loadings), side.notes, side.items)


def canonical_correlations(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"]
) -> Float64[np.ndarray, " correlations"]:
    """Return all canonical correlations, the highest first; empty without variance.

    Of many dimensions on few items some are 1 whatever the data (`cca` refuses there).

    Raises:
        ValueError: when the two hold different numbers of items.

    Examples:
        >>> first, second = np.random.default_rng(0).normal(size=(2, 200, 3))
        >>> second[:, 0] = first.sum(axis=1)
        >>> canonical_correlations(first, second).round(1).tolist()
        [1.0, 0.1, 0.0]
    """
    sides = [describe_canonical(one_model(each)) for each in (first, second)]
    check_same_items((1, sides[0].items), (1, sides[1].items))
    return _correlations(sides[0].bases[0], sides[1].bases[0])[0]


def _correlations(
    first: Basis, second: Basis
) -> tuple[Float64[np.ndarray, " correlations"], Float64[np.ndarray, "basis correlations"]]:
    """Return the correlations, and the first side's canonical variates in its basis."""
    left, rho, _ = np.linalg.svd(first.T @ second, full_matrices=False)
    return np.minimum(rho, 1.0), left


def _mean_square(rho: Float64[np.ndarray, " correlations"], *_: object) -> float:
    return float(np.square(rho).mean())


def _mean(rho: Float64[np.ndarray, " correlations"], *_: object) -> float:
    return float(rho.mean())


def _weighted(
    rho: Float64[np.ndarray, " correlations"],
    variates: Float64[np.ndarray, "basis correlations"],
    loadings: Float64[np.ndarray, "basis dim"],
) -> float:  # fmt: skip
    """Weigh each correlation by how much of the first side's coordinates its variate carries."""
    weights = np.abs(variates.T @ loadings).sum(axis=1)
    return float(weights @ rho / weights.sum())


SUMMARIES: Mapping[str, Callable[..., float]] = {
    "r2": _mean_square,
    "mean": _mean,
    "weighted": _weighted,
}
"""What is made of the correlations, given the first side's variates and its loadings as well."""


def score_canonical(
    first: CanonicalSide, second: CanonicalSide, summary: str = "r2"
) -> list[Score]:
    """Return a summary of the canonical correlations of two descriptions, per model.

    Raises:
        ValueError: when the two hold different numbers of models or items, or there is no such
            summary.
    """
    if summary not in SUMMARIES:
        raise ValueError(f"no summary {summary!r}; there are {', '.join(SUMMARIES)}")
    check_same_items((len(first.notes), first.items), (len(second.notes), second.items))
    n = first.items
    notes = list(pair_notes(first.notes, second.notes, n, 3))
    values, chances = np.full(len(notes), np.nan), np.full(len(notes), np.nan)
    for model, note in enumerate(notes):
        one, other = first.bases[model], second.bases[model]
        p, q = one.shape[1], other.shape[1]
        if note:
            continue
        if p + q > n - 1:
            notes[model] = (
                f"{p} + {q} dimensions of {n} items: "
                f"{p + q - n + 1} correlations are 1 whatever the data"
            )
            continue
        if n < ITEMS_A_DIMENSION * max(p, q):
            notes[model] = f"only {n} items for {max(p, q)} dimensions"
        rho, variates = _correlations(one, other)
        values[model] = SUMMARIES[summary](rho, variates, first.loadings[model])
        if summary == "r2":
            chances[model] = max(p, q) / (n - 1)
    return scores(values, notes, n, chances)


def compare_canonical(
    first: CanonicalSide, second: CanonicalSide, summary: str = "r2"
) -> Float64[np.ndarray, " models"]:
    """Return the values of `score_canonical`."""
    return np.array([score.value for score in score_canonical(first, second, summary)])


def cca(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    summary: str = "r2",
) -> Score:  # fmt: skip
    """Return the mean (squared) canonical correlation of two representations of the same items.

    Blind to every invertible linear map of either side, and so to how much variance a dimension
    has. Chance of the mean square is max(p, q) / (n - 1). NaN, with a note, when p + q > n - 1,
    where some correlations are 1 whatever the data; the note warns below 10 items a dimension.

    Args:
        first: items x dims; `second`: the same items, any other number of dims.
        summary: `r2`, the mean square, or `mean`.

    Raises:
        ValueError: when the two hold different numbers of items, or there is no such summary.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(200, 3))
        >>> round(cca(first, first @ np.array([[1, 2, 0], [0, 1, 5], [0, 0, 1]])).value, 6)
        1.0
        >>> cca(first[:6], first[:6] ** 2).note
        '3 + 3 dimensions of 6 items: 1 correlations are 1 whatever the data'
    """
    one, other = (describe_canonical(one_model(each)) for each in (first, second))
    return score_canonical(one, other, summary=summary)[0]


def svcca(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    variance: float = 0.99,
) -> Score:  # fmt: skip
    """Return the mean canonical correlation of the leading components of both sides (SVCCA).

    Args:
        first: items x dims; `second`: the same items, any other number of dims.
        variance: share of each side's variance that its leading components hold.

    Raises:
        ValueError: when the two hold different numbers of items, or the share makes no sense.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first = rng.normal(size=(200, 3)) * [1, 1, 0.01]  # the last holds next to nothing
        >>> round(svcca(first, first[:, :2]).value, 6)
        1.0
    """
    one, other = (describe_canonical(one_model(each), variance) for each in (first, second))
    return score_canonical(one, other, summary="mean")[0]


def pwcca(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"]
) -> Score:
    """Return the canonical correlations weighted by how much of the first side they carry.

    The weight of a canonical variate h is sum_j |h' x_j| over the coordinates j of the first side
    (Morcos et al. 2018, equation 5). So it depends on the basis of the first side, and on which of
    the two is the first.

    Raises:
        ValueError: when the two hold different numbers of items.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(200, 3))
        >>> round(pwcca(first, -2 * first).value, 6)
        1.0
    """
    one, other = (describe_canonical(one_model(each)) for each in (first, second))
    return score_canonical(one, other, summary="weighted")[0]


def _measure(key: str, name: str, summary: str, **given: object) -> Measure:
    filled: dict[str, object] = {
        "symmetric": True,
        "invariant_to": RIGID | {"invertible_linear", "dimension_scale"},
        "chance": "permutation",
        "reference": "Hotelling (1936), Biometrika 28:321; Kornblith et al. (2019), ICML",
        "oracle": "SciPy (subspace angles), cca-zoo, google/svcca",
        "compute": partial(cca, summary=summary),
        "describe": describe_canonical,
        **given,
    }
    return Measure(
        key=key, name=name, compares="two representations", low=0.0, high=1.0, best=1.0,
        higher_means="more alike", centres="columns", resampling="half samples", least_items=3,
        cost="n d^2 + d^3", compare=partial(compare_canonical, summary=summary),
        score=partial(score_canonical, summary=summary), **filled,  # type: ignore[arg-type]
    )  # fmt: skip


CCA_R2 = _measure("cca_r2", "mean squared canonical correlation", "r2", chance="closed")
"""The measure of `cca`."""

CCA_MEAN = _measure("cca_mean", "mean canonical correlation", "mean")
"""The measure of `cca` with the mean."""

PWCCA = _measure(
    "pwcca", "projection-weighted canonical correlation", "weighted", symmetric=False,
    invariant_to=frozenset({"common_scale", "translation", "dimension_order", "item_order"}),
    reference="Morcos, Raghu & Bengio (2018), NeurIPS", oracle="its formula", compute=pwcca,
)  # fmt: skip
"""The measure of `pwcca`; in the second side it is blind to every invertible linear map."""


def svcca_measure(variance: float = 0.99) -> Measure:
    """Return the measure of `svcca`; its key says the share of variance in hundredths.

    Raises:
        ValueError: when the share is not above 0 and at most 1.
    """
    check_share(variance)
    return _measure(
        f"svcca.v{round(100 * variance)}", f"SVCCA of {variance:.0%} of the variance", "mean",
        invariant_to=RIGID, reference="Raghu et al. (2017), NeurIPS", oracle="google/svcca",
        compute=partial(svcca, variance=variance),
        describe=partial(describe_canonical, variance=variance),
    )  # fmt: skip
