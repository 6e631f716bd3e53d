"""How many dimensions does a representation use?

Linear: of eigenvalues lam of the centred items, the participation ratio (sum lam)^2 / sum lam^2 and
the effective rank, the exponential of their entropy. Intrinsic: of the distances r1 < r2 to the two
nearest items (TwoNN), or to the k nearest. All grow with the number of items until that suffices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.alignment import BLOCK, RIGID
from hybridrep.analysis.centring import NO_VARIANCE, centred, one_model
from hybridrep.analysis.record import Measure, Score
from hybridrep.analysis.similarity import unit_rows

_TOP = 0.9
"""Share of the items, by the ratio of their distances, to which TwoNN fits its line."""


def _undefined(note: str, n: int) -> Score:
    return Score(math.nan, n=n, note=note, best=math.nan)


def _found(value: float, n: int, note: str = "") -> Score:
    return Score(value, n=n, note=note, best=math.nan)


def _eigenvalues(
    embeddings: Num[np.ndarray, "items dim"], least: int
) -> tuple[Float64[np.ndarray, " values"], str]:
    """Return the eigenvalues of the centred items over their sum, the largest first, or a note."""
    side = centred(one_model(embeddings))
    if side.items < least:
        return np.zeros(0), f"fewer than {least} items"
    if side.notes[0]:
        return np.zeros(0), side.notes[0]
    squares = np.square(np.linalg.svd(side.rows[0], compute_uv=False))
    return squares / squares.sum(), ""


def participation_ratio(embeddings: Num[np.ndarray, "items dim"], debiased: bool = False) -> Score:
    """Return the participation ratio: t^2 / |X'X|^2, with t the sum of the variances.

    1 where one direction holds all variance, d where all d hold the same. Of few items it is too
    low: 1 / PR_n is about 1 / PR + 1 / (n - 1), as noise of the items adds to the off-diagonal. The
    debiased form takes t^2 n (n-3) / ((n-1)^2 h), with h the self term of debiased CKA; it is not
    held between 1 and d.

    NaN, with a note, with fewer than two items (four if debiased), without variance, or with a
    value that is not finite. Source: Gao et al. (2017), bioRxiv 214262.

    Examples:
        >>> items = np.random.default_rng(0).normal(size=(40, 50))
        >>> round(participation_ratio(items).value), round(participation_ratio(items, True).value)
        (21, 49)
    """
    side, n = centred(one_model(embeddings)), len(embeddings)
    least = 4 if debiased else 2
    if n < least:
        return _undefined(f"fewer than {least} items", n)
    if side.notes[0]:
        return _undefined(side.notes[0], n)
    rows, t = side.rows[0], float(side.traces[0])
    gram = rows.T @ rows if rows.shape[1] <= n else rows @ rows.T
    squared = float(np.vdot(gram, gram))
    if not debiased:
        return _found(t**2 / squared, n)
    k = np.vecdot(rows, rows)
    h = squared - n / (n - 2) * float(k @ k) + t**2 / ((n - 1) * (n - 2))
    if h <= 1e-12 * squared:
        return _undefined(NO_VARIANCE, n)
    return _found(t**2 * n * (n - 3) / ((n - 1) ** 2 * h), n)


def effective_rank(
    embeddings: Num[np.ndarray, "items dim"],
    of: str = "variances",
) -> Score:
    """Return the exponential of the entropy of the spectrum, as shares of its sum.

    Args:
        embeddings: items x dims.
        of: the eigenvalues of the centred items, or their singular values, as Roy & Vetterli (2007,
            EUSIPCO) have it, which count small directions more.

    Raises:
        ValueError: when `of` is neither.

    Examples:
        >>> items = np.random.default_rng(0).normal(size=(1000, 4)) * [1, 1, 1, 0.001]
        >>> round(effective_rank(items).value, 1)
        3.0
    """
    if of not in ("variances", "singular values"):
        raise ValueError(f"of 'variances' or 'singular values', not {of!r}")
    shares, note = _eigenvalues(embeddings, 2)
    if note:
        return _undefined(note, len(embeddings))
    if of == "singular values":
        shares = np.sqrt(shares) / np.sqrt(shares).sum()
    shares = shares[shares > 0]
    return _found(float(np.exp(-(shares * np.log(shares)).sum())), len(embeddings))


def spectrum_slope(embeddings: Num[np.ndarray, "items dim"], first: int = 1) -> Score:
    """Return the slope of log eigenvalue on log rank: how fast variance falls off.

    Args:
        embeddings: items x dims.
        first: rank from which on the line is fitted.

    Examples:
        >>> items = np.random.default_rng(0).normal(size=(4000, 30)) / np.arange(1, 31)
        >>> round(spectrum_slope(items).value, 1)
        -2.0
    """
    shares, note = _eigenvalues(embeddings, 3)
    shares = shares[first - 1 :]
    shares = shares[shares > 1e-24]
    if note or len(shares) < 2:
        return _undefined(note or "fewer than two eigenvalues", len(embeddings))
    ranks = np.log(np.arange(first, first + len(shares)))
    return _found(float(np.polyfit(ranks, np.log(shares), 1)[0]), len(embeddings))


def mean_cosine(embeddings: Num[np.ndarray, "items dim"]) -> Score:
    """Return the mean cosine of two different items: how much all share one direction.

    The note says the share of it that the largest dimension makes (a "rogue" one, Timkey & van
    Schijndel 2021, EMNLP). Where it is near 1, cosines say little else. NaN, with a note, of items
    that are all equal.

    Examples:
        >>> mean_cosine(np.eye(4) + np.array([3.0, 1, 0, 0])).note
        'of which 87% by dimension 0'
    """
    n = len(one_model(embeddings)[0])
    rows = unit_rows(embeddings)
    if n < 2:
        return _undefined("fewer than 2 items", n)
    if not np.isfinite(rows).all():
        return _undefined("a value is not finite", n)
    if note := centred(one_model(embeddings)).notes[0]:
        return _undefined(note, n)
    by_dimension = (rows.sum(axis=0) ** 2 - np.square(rows).sum(axis=0)) / (n * (n - 1))
    value = float(by_dimension.sum())
    top = int(np.argmax(np.abs(by_dimension)))
    share = by_dimension[top] / value if value else math.nan
    return _found(value, n, f"of which {share:.0%} by dimension {top}")


def _nearest_distances(
    rows: Float64[np.ndarray, "items dim"], k: int
) -> Float64[np.ndarray, "items k"]:
    """Return the distances to the k nearest other items, ascending.

    The squares come from products, and those of the chosen ones from differences, which loses no
    digit where items are near each other.
    """
    n = len(rows)
    squares = np.vecdot(rows, rows)
    found = np.empty((n, k))
    for start in range(0, n, BLOCK):
        block = rows[start : start + BLOCK]
        own = np.arange(len(block))
        distances = squares - 2 * (block @ rows.T)
        distances[own, own + start] = np.inf
        wider = min(k + 4, n - 1)
        near = np.argpartition(distances, wider - 1, axis=1)[:, :wider]
        gaps = block[:, None] - rows[near]
        exact = np.sqrt(np.vecdot(gaps, gaps))
        exact.sort(axis=1)
        found[start : start + BLOCK] = exact[:, :k]
    return found


def _distinct(
    embeddings: Num[np.ndarray, "items dim"], least: int
) -> tuple[Float64[np.ndarray, "some dim"], str]:
    """Return the items without copies, or a note why there is nothing to measure."""
    side = centred(one_model(embeddings))
    if side.notes[0] or side.items < least:
        return side.rows[0], side.notes[0] if side.items >= least else f"fewer than {least} items"
    _, first = np.unique(np.asarray(embeddings, dtype=np.float64), axis=0, return_index=True)
    rows = side.rows[0][np.sort(first)]
    return rows, f"fewer than {least} distinct items" if len(rows) < least else ""


def twonn(embeddings: Num[np.ndarray, "items dim"], method: str = "linear") -> Score:
    """Return the intrinsic dimension by the ratio mu = r2 / r1 of the two nearest distances.

    mu is Pareto distributed with the dimension as its exponent (Facco et al. 2017, Scientific
    Reports 7:12140): the slope, through 0, of -log(1 - F) on log mu, with F = i / N of the i-th
    smallest and without the largest tenth; or, as `mle`, (N - 1) / sum log mu. Copies of an item
    count once, and the note says how many were left out.

    NaN, with a note, with fewer than three distinct items, without variance, or with a value that
    is not finite.

    Raises:
        ValueError: when the method is neither.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> sheet = rng.uniform(size=(2000, 2)) @ rng.normal(size=(2, 30))
        >>> 1.8 < twonn(sheet).value < 2.2
        True
    """
    if method not in ("linear", "mle"):
        raise ValueError(f"methods are 'linear' and 'mle', not {method!r}")
    rows, note = _distinct(embeddings, 3)
    if note:
        return _undefined(note, len(rows))
    n, copies = len(rows), len(embeddings) - len(rows)
    note = f"{copies} copies left out" if copies else ""
    near = _nearest_distances(rows, 2)
    logs = np.sort(np.log(near[:, 1] / near[:, 0]))
    if method == "mle":
        total = float(logs.sum())
        return _found((n - 1) / total, n, note) if total > 0 else _undefined("equal distances", n)
    kept = int(n * _TOP)
    heights = -np.log1p(-np.arange(1, kept + 1) / n)
    square = float(logs[:kept] @ logs[:kept])
    if not square > 0:
        return _undefined("equal distances", n)
    return _found(float(logs[:kept] @ heights) / square, n, note)


def check_neighbours(k: int) -> None:
    """Refuse fewer neighbours than have distances to be compared.

    Raises:
        ValueError: when k is below 2.
    """
    if k < 2:
        raise ValueError(f"at least two neighbours, not {k}")


def mle_dimension(embeddings: Num[np.ndarray, "items dim"], k: int = 10) -> Score:
    """Return the intrinsic dimension by the distances T_j to the k nearest items.

    1 / mean_i [1 / (k-1) sum_{j<k} log(T_k / T_j)]: Levina & Bickel (2004, NeurIPS), averaged as
    MacKay & Ghahramani (2005) say, by the harmonic mean. Copies of an item count once, and the note
    says how many were left out. k at or above the size of a cluster breaks it.

    NaN, with a note, with no more than k distinct items, without variance, or with a value that is
    not finite.

    Raises:
        ValueError: when k is below 2.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> sheet = rng.uniform(size=(2000, 2)) @ rng.normal(size=(2, 30))
        >>> 1.8 < mle_dimension(sheet).value < 2.2
        True
    """
    check_neighbours(k)
    rows, note = _distinct(embeddings, k + 1)
    if note:
        return _undefined(note, len(rows))
    copies = len(embeddings) - len(rows)
    near = _nearest_distances(rows, k)
    inverse = float(np.log(near[:, -1:] / near[:, :-1]).mean())
    if not inverse > 0:
        return _undefined("equal distances", len(rows))
    return _found(1 / inverse, len(rows), f"{copies} copies left out" if copies else "")


def over_subsamples(
    compute: Callable[[np.ndarray], Score], embeddings: Num[np.ndarray, "items dim"],
    rng: np.random.Generator, halvings: int = 2, draws: int = 10,
) -> dict[int, float]:  # fmt: skip
    """Return how a measure depends on n: its mean over random subsamples of n, n/2, n/4 items.

    Examples:
        >>> items = np.random.default_rng(0).normal(size=(400, 5))
        >>> values = over_subsamples(partial(mle_dimension, k=5), items, np.random.default_rng(1))
        >>> list(values)
        [400, 200, 100]
    """
    found = {len(embeddings): compute(embeddings).value}
    for halving in range(1, halvings + 1):
        n = len(embeddings) // 2**halving
        drawn = (rng.permutation(len(embeddings))[:n] for _ in range(draws))
        found[n] = float(np.mean([compute(embeddings[rows]).value for rows in drawn]))
    return found


def _measure(key: str, name: str, compute: object, **given: object) -> Measure:
    filled: dict[str, object] = {
        "low": 1.0, "higher_means": "more dimensions", "least_items": 2, "cost": "n d^2",
        "centres": "columns", "oracle": "its formula", "invariant_to": RIGID, **given,
    }  # fmt: skip
    return Measure(
        key=key, name=name, compares="one representation", high=math.inf, best=None,
        symmetric=True, chance="none", resampling="half samples",
        compute=compute, **filled,  # type: ignore[arg-type]
    )  # fmt: skip


PARTICIPATION_RATIO = _measure(
    "participation_ratio", "participation ratio", participation_ratio,
    reference="Gao et al. (2017), bioRxiv 214262", oracle="scikit-dimension",
)  # fmt: skip
EFFECTIVE_RANK = _measure(
    "effective_rank", "effective rank of the variances", effective_rank,
    reference="Roy & Vetterli (2007), EUSIPCO",
)  # fmt: skip
EFFECTIVE_RANK_SINGULAR = _measure(
    "effective_rank.singular_values", "effective rank of the singular values",
    partial(effective_rank, of="singular values"), reference="Roy & Vetterli (2007), EUSIPCO",
)  # fmt: skip
TWONN = _measure(
    "twonn", "intrinsic dimension, two nearest neighbours", twonn, low=0.0, least_items=3,
    centres="none", cost="n^2 d", reference="Facco et al. (2017), Scientific Reports 7:12140",
    oracle="scikit-dimension",
)  # fmt: skip


MEAN_COSINE = Measure(
    key="mean_cosine", name="mean cosine of different items", compares="one representation",
    low=-1.0, high=1.0, best=None, higher_means="one direction that all share", symmetric=True,
    invariant_to=frozenset(
        {"common_scale", "item_scale", "rotation", "item_order", "dimension_order"}
    ),
    centres="none", chance="none", resampling="half samples", least_items=2, cost="n d",
    reference="Ethayarajh (2019), EMNLP", oracle="scikit-learn", compute=mean_cosine,
)  # fmt: skip
"""The measure of `mean_cosine`."""


def mle_dimension_measure(k: int = 10) -> Measure:
    """Return the measure of `mle_dimension` of k neighbours.

    Raises:
        ValueError: when k is below 2.
    """
    check_neighbours(k)
    return _measure(
        f"mle_dimension.k{k}", f"intrinsic dimension, {k} nearest neighbours",
        partial(mle_dimension, k=k), low=0.0, least_items=k + 1, centres="none", cost="n^2 d",
        reference="Levina & Bickel (2004), NeurIPS", oracle="scikit-dimension",
    )  # fmt: skip
