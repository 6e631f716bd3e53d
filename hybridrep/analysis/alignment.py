"""Centred kernel alignment: do two representations have the same products between their items?

With centred items, C = X'Y and k_i = |x_i|^2, linear CKA is |C|^2 / (|X'X| |Y'Y|) (Kornblith et al.
2019, ICML), the cosine between both sides' centred Gram matrices. It is not 0 for unrelated
representations: with few items and many dimensions it goes to 1. The debiased form (Song et al.
2012, JMLR 13:1393; Szekely & Rizzo 2014, Annals of Statistics 42:2382) is the cosine between
U-centred Gram matrices, whose diagonal is left out; its mean under random pairing is exactly 0.

Chance needs no permutations. Of tr(A P B P') over random permutations P, with A and B symmetric
and of rows that sum to 0, mean and variance are known (Kazi-Aoual et al. 1995, Computational
Statistics & Data Analysis 20:643): tr A tr B / (n - 1), and with
q(M) = (n-1) |M|^2 - (tr M)^2 and s(M) = n(n+1) sum M_ii^2 - (n-1) ((tr M)^2 + 2 |M|^2),

    2 q(A) q(B) / ((n-1)^2 (n+1) (n-2)) + s(A) s(B) / ((n+1) n (n-1) (n-2) (n-3)).

A U-centred matrix has no diagonal, so that there the variance of the cosine is 2 / (n (n-3)).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.centring import (
    LEAST_SPREAD,
    NO_VARIANCE,
    Centred,
    centred,
    check_same_items,
    one_model,
    pair_notes,
    scores,
)
from hybridrep.analysis.descriptions import GRAM_ABOVE, sampled_pairs, triangle_index
from hybridrep.analysis.record import Change, Measure, Score

BLOCK = 1000
"""Rows of a kernel that are computed at a time where it is not kept."""

SAMPLED_PAIRS = 2_000_000
"""Pairs of which a median is taken where there are too many."""

WHOLE_UP_TO = 5000
"""Items up to which all pairs are looked at."""

_SQRT_2 = math.sqrt(2.0)


@dataclass(frozen=True)
class KernelSide:
    """One side of CKA as the triangles of its centred kernel matrices, for not too many items.

    `vectors` have length 1 (zeros where there is a note); their scalar products are CKA. The biased
    form holds the diagonal as well, and the rest times the root of 2. `traces` and `diagonals` are
    (tr M)^2 and sum M_ii^2 over |M|^2 of the centred kernel matrix, on which chance depends.
    """

    vectors: Float64[np.ndarray, "models entries"]
    traces: Float64[np.ndarray, " models"]
    diagonals: Float64[np.ndarray, " models"]
    notes: tuple[str, ...]
    items: int
    debiased: bool

    def compare(self, other: KernelSide) -> Float64[np.ndarray, " models"]:
        """Return CKA with the other side, per model."""
        values: np.ndarray = np.vecdot(self.vectors, other.vectors)
        return values


@dataclass(frozen=True)
class FeatureSide:
    """One side of linear CKA without any n x n matrix, for many items.

    Attributes:
        rows: centred items, scaled so that the self term is 1.
        squares: |x_i|^2 of them.
    """

    rows: Float64[np.ndarray, "models items dim"]
    squares: Float64[np.ndarray, "models items"]
    traces: Float64[np.ndarray, " models"]
    diagonals: Float64[np.ndarray, " models"]
    notes: tuple[str, ...]
    debiased: bool

    @property
    def items(self) -> int:
        """Number of items."""
        return int(self.rows.shape[1])

    def compare(self, other: FeatureSide) -> Float64[np.ndarray, " models"]:
        """Return CKA with the other side, per model."""
        cross = np.array([_squared(x.T @ y) for x, y in zip(self.rows, other.rows, strict=True)])
        return self._less_bias(other, cross)

    def _less_bias(
        self, other: FeatureSide, cross: Float64[np.ndarray, " models"]
    ) -> Float64[np.ndarray, " models"]:
        if not self.debiased:
            return cross
        return _debiased(cross, self.squares, other.squares)


@dataclass(frozen=True)
class RadialSide:
    """One side of CKA with a Gaussian kernel that is computed anew, in blocks, when needed.

    Attributes:
        rows: centred items in units of the kernel's width; `squares`: |x_i|^2 of them.
        sums: sum of each row of the kernel matrix.
        norms: root of the self term; 1 where there is a note.
    """

    rows: Float64[np.ndarray, "models items dim"]
    squares: Float64[np.ndarray, "models items"]
    sums: Float64[np.ndarray, "models items"]
    norms: Float64[np.ndarray, " models"]
    notes: tuple[str, ...]
    debiased: bool

    @property
    def items(self) -> int:
        """Number of items."""
        return int(self.rows.shape[1])

    def compare(self, other: RadialSide) -> Float64[np.ndarray, " models"]:
        """Return CKA with the other side, per model."""
        values: np.ndarray = self.products(other) / (self.norms * other.norms)
        return values

    def products(self, other: RadialSide) -> Float64[np.ndarray, " models"]:
        """Return the scalar product of both sides' centred kernel matrices, per model."""
        products = []
        for x, k, y, v in zip(self.rows, self.squares, other.rows, other.squares, strict=True):
            both = 0.0
            for start in range(0, self.items, BLOCK):
                part = slice(start, start + BLOCK)
                both += float(np.vdot(_radial(x, k, part), _radial(y, v, part)))
            products.append(both)
        return _centred_product(np.array(products), self.sums, other.sums, self.debiased)


Side = KernelSide | FeatureSide | RadialSide
"""A described representation, in the form that suits kernel and number of items."""


def _squared(matrix: Float64[np.ndarray, "rows columns"]) -> float:
    """Return the squared Frobenius norm."""
    return float(np.vdot(matrix, matrix))


def _debiased(
    cross: Float64[np.ndarray, " models"], first: Float64[np.ndarray, "models items"],
    second: Float64[np.ndarray, "models items"],
) -> Float64[np.ndarray, " models"]:  # fmt: skip
    """Return h = |C|^2 - n/(n-2) k'l + tr K tr L / ((n-1)(n-2)), n(n-3) times HSIC_1."""
    n = first.shape[1]
    traces = first.sum(axis=1) * second.sum(axis=1)
    h: np.ndarray = cross - n / (n - 2) * np.vecdot(first, second) + traces / ((n - 1) * (n - 2))
    return h


def _centred_product(
    products: Float64[np.ndarray, " models"], first: Float64[np.ndarray, "models items"],
    second: Float64[np.ndarray, "models items"], debiased: bool,
) -> Float64[np.ndarray, " models"]:  # fmt: skip
    """Return the product of centred kernels with 1 on the diagonal, from sum KL and row sums."""
    n = first.shape[1]
    if not debiased:
        totals = first.sum(axis=1) * second.sum(axis=1) / n**2
        centred_: np.ndarray = products - 2 / n * np.vecdot(first, second) + totals
        return centred_
    first, second, products = first - 1.0, second - 1.0, products - n
    totals = first.sum(axis=1) * second.sum(axis=1) / ((n - 1) * (n - 2))
    hollow: np.ndarray = products - 2 / (n - 2) * np.vecdot(first, second) + totals
    return hollow


@cache
def with_diagonal(items: int) -> Float64[np.ndarray, " entries"]:
    """Return the weights that make a triangle with diagonal as long as the whole matrix."""
    weights = np.full(items * (items + 1) // 2, _SQRT_2)
    weights[-items:] = 1.0
    weights.flags.writeable = False
    return weights


def _unit_triangle(
    matrix: Float64[np.ndarray, "items items"], debiased: bool,
    out: Float64[np.ndarray, " entries"],
) -> tuple[float, float] | None:  # fmt: skip
    """Write the unit vector of a matrix with rows that sum to 0; overwrites the matrix.

    Returns (tr M)^2 and sum M_ii^2 over |M|^2, or None where nothing is left.
    """
    n = len(matrix)
    diagonal = matrix.diagonal().copy()
    trace = float(diagonal.sum())
    if debiased:
        margin = diagonal / (n - 2)
        matrix += margin
        matrix += (margin - trace / ((n - 1) * (n - 2)))[:, None]
    pairs = n * (n - 1) // 2
    matrix.ravel().take(triangle_index(n), out=out[:pairs], mode="clip")
    if not debiased:
        out[pairs:] = diagonal
        out *= with_diagonal(n)
    square = float(out @ out)
    scale = trace**2 / n if n else 0.0
    if not square > LEAST_SPREAD**2 * scale:
        out[:] = 0.0
        return None
    out /= math.sqrt(square)
    return trace**2 / square, float(diagonal @ diagonal) / square


def describe_cka(embeddings: Num[np.ndarray, "models items dim"], debiased: bool = True) -> Side:
    """Describe one side for `cka`, for many models at once.

    Examples:
        >>> models = np.random.default_rng(0).normal(size=(5, 20, 8))
        >>> describe_cka(models).compare(describe_cka(-2 * models)).round(6).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    side = centred(embeddings)
    if side.items > GRAM_ABOVE:
        return _feature_side(side, debiased)
    models, items, _ = side.rows.shape
    if items < (4 if debiased else 2):
        return _too_few(models, items, side.notes, debiased)
    grams = (x @ x.T for x in side.rows)
    return _kernel_side(grams, models, items, side.notes, debiased)


def _too_few(models: int, items: int, notes: tuple[str, ...], debiased: bool) -> KernelSide:
    nothing = np.zeros(models)
    return KernelSide(np.zeros((models, 0)), nothing, nothing, notes, items, debiased)


def _kernel_side(
    grams: Iterable[Float64[np.ndarray, "items items"]], models: int, items: int,
    given: tuple[str, ...], debiased: bool,
) -> KernelSide:  # fmt: skip
    """Describe matrices whose rows sum to 0, one a model; overwrites them."""
    pairs = items * (items - 1) // 2
    vectors = np.empty((models, pairs if debiased else pairs + items))
    traces, diagonals, notes = np.zeros(models), np.zeros(models), list(given)
    for model, gram in enumerate(grams):
        moments = _unit_triangle(gram, debiased, vectors[model])
        if moments is not None:
            traces[model], diagonals[model] = moments
        else:
            notes[model] = given[model] or NO_VARIANCE
    return KernelSide(vectors, traces, diagonals, tuple(notes), items, debiased)


def _feature_side(side: Centred, debiased: bool) -> FeatureSide:
    """Describe centred items by their features."""
    rows, notes = side.rows, list(side.notes)
    squares = np.vecdot(rows, rows)
    grams = np.array([_squared(x.T @ x) for x in rows])
    selves = _debiased(grams, squares, squares) if debiased else grams
    empty = selves <= LEAST_SPREAD * grams
    for model in np.flatnonzero(empty):
        rows[model], squares[model] = 0.0, 0.0
        notes[model] = notes[model] or NO_VARIANCE
    selves = np.where(empty, 1.0, selves)
    traces = side.traces**2 / selves
    diagonals = np.vecdot(squares, squares) / selves
    roots = np.sqrt(selves)
    return FeatureSide(
        rows / np.sqrt(roots)[:, None, None], squares / roots[:, None], traces, diagonals,
        tuple(notes), debiased,
    )  # fmt: skip


def check_width(fraction: float) -> None:
    """Refuse the width of a kernel that is none.

    Raises:
        ValueError: when it is not above 0.
    """
    if not fraction > 0:
        raise ValueError(f"the width of a kernel is a positive share of the median, not {fraction}")


def describe_cka_rbf(
    embeddings: Num[np.ndarray, "models items dim"], fraction: float = 1.0, debiased: bool = False
) -> Side:
    """Describe one side for `cka_rbf`, for many models at once.

    Examples:
        >>> models = np.random.default_rng(0).normal(size=(5, 20, 8))
        >>> describe_cka_rbf(models).compare(describe_cka_rbf(-2 * models)).round(6).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    check_width(fraction)
    side = centred(embeddings)
    models, items, _ = side.rows.shape
    if items < (4 if debiased else 2):
        return _too_few(models, items, side.notes, debiased)
    rows, notes = side.rows, list(side.notes)
    for model in range(models):
        width = fraction * _median_distance(rows[model])
        if width > 0:
            rows[model] /= width
        else:
            notes[model] = notes[model] or "the median distance is 0"
            rows[model] = 0.0
    squares = np.vecdot(rows, rows)
    if items > GRAM_ABOVE:
        return _radial_side(rows, squares, notes, debiased)
    return _kernel_side(map(_centred_kernel, rows, squares), models, items, tuple(notes), debiased)


def _radial(
    rows: Float64[np.ndarray, "items dim"], squares: Float64[np.ndarray, " items"], part: slice
) -> Float64[np.ndarray, "some items"]:
    """Return some rows of exp(-|x_i - x_j|^2 / 2), its diagonal exactly 1."""
    kernel: np.ndarray = rows[part] @ rows.T
    kernel -= squares / 2
    kernel -= squares[part, None] / 2
    np.minimum(kernel, 0.0, out=kernel)
    np.exp(kernel, out=kernel)
    own = np.arange(len(kernel))
    kernel[own, own + (part.start or 0)] = 1.0
    return kernel


def _centred_kernel(
    rows: Float64[np.ndarray, "items dim"], squares: Float64[np.ndarray, " items"]
) -> Float64[np.ndarray, "items items"]:
    """Return the whole kernel matrix with its mean taken out in its own space."""
    kernel: np.ndarray = _radial(rows, squares, slice(0, len(rows)))
    kernel = (kernel + kernel.T) / 2
    means = kernel.mean(axis=0)
    kernel -= means
    kernel -= (means - means.mean())[:, None]
    return kernel


def _radial_side(
    rows: Float64[np.ndarray, "models items dim"], squares: Float64[np.ndarray, "models items"],
    given: Sequence[str], debiased: bool,
) -> RadialSide:  # fmt: skip
    """Describe items of which no kernel matrix is kept."""
    models, items, _ = rows.shape
    sums = np.empty((models, items))
    for model in range(models):
        for start in range(0, items, BLOCK):
            part = slice(start, start + BLOCK)
            sums[model, part] = _radial(rows[model], squares[model], part).sum(axis=1)
    side = RadialSide(rows, squares, sums, np.ones(models), tuple(given), debiased)
    selves = side.products(side)
    empty = ~(selves > LEAST_SPREAD * np.vecdot(sums, sums) / items)
    notes = tuple(
        note or (NO_VARIANCE if nothing else "") for note, nothing in zip(given, empty, strict=True)
    )
    return replace(side, norms=np.sqrt(np.where(empty, 1.0, selves)), notes=notes)


def _median_distance(rows: Float64[np.ndarray, "items dim"]) -> float:
    """Return the median Euclidean distance of two different items, of a sample if they are many."""
    from scipy.spatial.distance import pdist

    items = len(rows)
    if items <= WHOLE_UP_TO:
        return float(np.median(pdist(rows)))
    first, second = sampled_pairs(items, SAMPLED_PAIRS)
    distances = np.empty(len(first))
    for start in range(0, len(first), 10 * BLOCK):
        part = slice(start, start + 10 * BLOCK)
        gaps = rows[first[part]] - rows[second[part]]
        distances[part] = np.sqrt(np.vecdot(gaps, gaps))
    return float(np.median(distances))


def compare_kernels(first: Side, second: Side) -> Float64[np.ndarray, " models"]:
    """Return CKA of two sides of the same kind, per model; NaN where it is not defined.

    Raises:
        ValueError: when the two hold different numbers of models or items, or different kernels.
    """
    return np.array([score.value for score in score_kernels(first, second)])


def score_kernels(first: Side, second: Side) -> list[Score]:
    """Return CKA of two sides of the same kind with what chance gives, per model.

    Raises:
        ValueError: when the two hold different numbers of models or items, or different kernels.
    """
    check_same_items((len(first.notes), first.items), (len(second.notes), second.items))
    n, debiased = first.items, first.debiased
    notes = pair_notes(first.notes, second.notes, n, 4 if debiased else 3)
    values = _values(first, second)
    low = -1.0 if debiased else 0.0
    values = np.where([not note for note in notes], np.clip(values, low, 1.0), np.nan)
    mean, sd = _chance(first, second)
    if n > WHOLE_UP_TO and isinstance(first, RadialSide):
        notes = tuple(note or f"width from {SAMPLED_PAIRS:,} pairs" for note in notes)
    return scores(values, notes, n, mean, sd)


def _values(first: Side, second: Side) -> Float64[np.ndarray, " models"]:
    """Return what the sides' own form computes."""
    if first.debiased == second.debiased:
        if isinstance(first, KernelSide) and isinstance(second, KernelSide):
            return first.compare(second)
        if isinstance(first, FeatureSide) and isinstance(second, FeatureSide):
            return first.compare(second)
        if isinstance(first, RadialSide) and isinstance(second, RadialSide):
            return first.compare(second)
    raise ValueError("the two sides are described for different kernels, or one is debiased")


def _chance(
    first: Side, second: Side
) -> tuple[float | Float64[np.ndarray, " models"], float | Float64[np.ndarray, " models"]]:
    """Return mean and SD under random pairing, as the module says."""
    n = first.items
    if first.debiased:
        return 0.0, math.sqrt(2 / (n * (n - 3))) if n > 3 else math.nan
    return random_pairing(n, *_moments(first), *_moments(second))


def random_pairing(
    n: int, t: Float64[np.ndarray, " models"], d: Float64[np.ndarray, " models"],
    u: Float64[np.ndarray, " models"], e: Float64[np.ndarray, " models"],
) -> tuple[Float64[np.ndarray, " models"], Float64[np.ndarray, " models"]]:  # fmt: skip
    """Return mean and SD of the cosine of two centred matrices over all pairings of n items.

    Of either matrix M it takes (tr M)^2 and sum M_ii^2, each over |M|^2; the formulas are the
    module's. The SD is NaN with fewer than four items.
    """
    mean = np.sqrt(t * u) / max(n - 1, 1)
    if n < 4:
        return mean, np.full_like(mean, np.nan)
    q = (n - 1 - t) * (n - 1 - u)
    s = (n * (n + 1) * d - (n - 1) * (t + 2)) * (n * (n + 1) * e - (n - 1) * (u + 2))
    variance = 2 * q / ((n - 1) ** 2 * (n + 1) * (n - 2))
    variance += s / ((n + 1) * n * (n - 1) * (n - 2) * (n - 3))
    return mean, np.sqrt(np.maximum(variance, 0.0))


def _moments(
    side: Side,
) -> tuple[Float64[np.ndarray, " models"], Float64[np.ndarray, " models"]]:
    """Return (tr M)^2 and sum M_ii^2 over |M|^2 of the centred kernel matrix, per model."""
    if not isinstance(side, RadialSide):
        return side.traces, side.diagonals
    means = side.sums / side.items
    diagonals = 1.0 - 2 * means + means.mean(axis=1, keepdims=True)
    selves = side.norms**2
    traces: Float64[np.ndarray, " models"] = diagonals.sum(axis=1) ** 2 / selves
    return traces, np.vecdot(diagonals, diagonals) / selves


def cka(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    debiased: bool = True,
) -> Score:  # fmt: skip
    """Return linear CKA of two representations of the same items, by default debiased.

    Follows the largest components: two representations that share one component with half of the
    variance, and nothing else, have a CKA near 1. NaN, with a note, with fewer than 4 items (3 for
    the biased form), without variance, or with a value that is not finite.

    Args:
        first: items x dims; `second`: the same items, any other number of dims.
        debiased: leave the diagonal out, so that chance gives 0; the biased form is the higher the
            fewer the items (see `Score.chance`).

    Raises:
        ValueError: when the two hold different numbers of items.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(2, 100, 50))
        >>> biased, score = cka(first, second, debiased=False), cka(first, second)
        >>> round(biased.value, 1), round(biased.chance, 2), abs(score.value) < 0.1
        (0.3, 0.34, True)
    """
    sides = (describe_cka(one_model(each), debiased) for each in (first, second))
    return score_kernels(*sides)[0]


def cka_rbf(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    fraction: float = 1.0, debiased: bool = False,
) -> Score:  # fmt: skip
    """Return CKA with a Gaussian kernel exp(-|x_i - x_j|^2 / (2 s^2)), blind to large distances.

    The width s is `fraction` times the median distance of two different items, so that it follows
    the units; 0.5 looks at nearer items than 1. (Kornblith's code takes the median over the
    distances of items to themselves as well.) NaN, with a note, as `cka`, and where the median
    distance is 0.

    Raises:
        ValueError: when the two hold different numbers of items, or `fraction` is not above 0.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(50, 10))
        >>> cka_rbf(first, first[:, :9]).value > cka_rbf(first, first[:, :3]).value
        True
    """
    sides = (describe_cka_rbf(one_model(each), fraction, debiased) for each in (first, second))
    return score_kernels(*sides)[0]


RIGID: frozenset[Change] = frozenset(
    {"common_scale", "rotation", "dimension_order", "translation", "item_order"}
)
"""What leaves the shape of a cloud of items as it is: all but its size, place and direction."""


CKA = Measure(
    key="cka", name="CKA, debiased", compares="two representations", low=-1.0, high=1.0, best=1.0,
    higher_means="more alike", symmetric=True, invariant_to=RIGID, centres="columns",
    chance="zero", resampling="half samples", least_items=4,
    cost="n^2 d, or n d1 d2 above 700 items",
    reference="Song et al. (2012), JMLR 13:1393; Kornblith et al. (2019), ICML",
    oracle="Kornblith's demo, ckatorch, pytorch-cka", compute=cka, describe=describe_cka,
    compare=compare_kernels, score=score_kernels,
)  # fmt: skip
"""The measure of `cka`."""

CKA_BIASED = replace(
    CKA, key="cka_biased", name="CKA, biased", low=0.0, chance="closed", least_items=3,
    reference="Kornblith et al. (2019), ICML", compute=partial(cka, debiased=False),
    describe=partial(describe_cka, debiased=False),
)  # fmt: skip
"""The measure of `cka` as it was first defined."""


def cka_rbf_measure(fraction: float = 1.0) -> Measure:
    """Return the measure of `cka_rbf` with a width; its key says it in hundredths.

    Raises:
        ValueError: when the width is not above 0.
    """
    check_width(fraction)
    return replace(
        CKA_BIASED, key=f"cka_rbf.f{round(100 * fraction)}",
        name=f"CKA, Gaussian kernel of {fraction:g} median distances", centres="kernel",
        cost="n^2 d", oracle="its formula, item by item",
        compute=partial(cka_rbf, fraction=fraction),
        describe=partial(describe_cka_rbf, fraction=fraction),
    )  # fmt: skip
