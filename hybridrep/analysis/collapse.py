"""Neural collapse: how far have the items of a class become one point, and classes a simplex?

With class means m_c, their mean m, within-class covariance Sw and between-class covariance Sb
(Papyan, Han & Donoho 2020, PNAS). Compare items that were trained on with unseen ones, or collapse
is confounded with fitting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int, Num, Shaped

from hybridrep.analysis.alignment import RIGID
from hybridrep.analysis.centring import centred, one_model
from hybridrep.analysis.record import Measure, Score

Labels = Shaped[np.ndarray, " labels"]


@dataclass(frozen=True)
class _Classes:
    """Class means and what is left within, of centred items in safe units."""

    means: Float64[np.ndarray, "classes dim"]
    within: Float64[np.ndarray, "items dim"]
    index: Int[np.ndarray, " items"]
    counts: Int[np.ndarray, " classes"]


def _classes(
    embeddings: Num[np.ndarray, "items dim"], labels: Labels
) -> tuple[_Classes | None, str]:
    """Part items into their classes, or say why that makes no sense.

    Raises:
        ValueError: when there is not one label an item.
    """
    if labels.shape != embeddings.shape[:1]:
        raise ValueError(f"{len(embeddings)} items and {len(labels)} labels")
    side = centred(one_model(embeddings))
    names, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(names) < 2 or side.items < 4:
        return None, "fewer than two classes" if side.items >= 4 else "fewer than 4 items"
    if counts.min() < 2:
        return None, f"class {names[counts.argmin()]} has one item"
    if side.notes[0]:
        return None, side.notes[0]
    members = np.eye(len(names))[index]
    means = members.T @ side.rows[0] / counts[:, None]
    return _Classes(means, side.rows[0] - means[index], index, counts), ""


def _score(value: float, n: int, note: str = "") -> Score:
    if not note and not math.isfinite(value):
        return Score(math.nan, n=n, note="classes with one mean", best=0.0)
    return Score(value, n=n, note=note, best=0.0)


def nc1(embeddings: Num[np.ndarray, "items dim"], labels: Labels) -> Score:
    """Return within-class over between-class variation: tr(Sw pinv(Sb)) / C.

    Sb is that of the class means about their mean, each class counting the same, and Sw the mean
    over items; the pseudo-inverse has rank C - 1 or, in fewer dimensions, as many. 0 is collapse.
    NaN, with a note, with fewer than two classes, a class of one item, without variance, with means
    in fewer directions than that rank, or with a value that is not finite.

    Raises:
        ValueError: when there is not one label an item.

    Examples:
        >>> labels = np.repeat([0, 1, 2], 50)
        >>> noise = np.random.default_rng(0).normal(size=(150, 3))
        >>> round(nc1(np.eye(3)[labels] + 0.1 * noise, labels).value, 2)
        0.02
    """
    parts, note = _classes(embeddings, labels)
    if parts is None:
        return _score(math.nan, len(embeddings), note)
    about = parts.means - parts.means.mean(axis=0)
    _, s, directions = np.linalg.svd(about, full_matrices=False)
    rank = min(len(about) - 1, len(s))
    if s[rank - 1] <= 1e-12 * max(s[0], math.sqrt(float(np.square(parts.within).mean()))):
        few = f"class means in fewer than {rank} directions"
        return _score(math.nan, len(embeddings), few)
    projected = parts.within @ directions[:rank].T
    within = np.square(projected).mean(axis=0)
    return _score(
        float((within / (s[:rank] ** 2 / len(about))).sum() / len(about)), len(embeddings)
    )


def cdnv(embeddings: Num[np.ndarray, "items dim"], labels: Labels) -> Score:
    """Return the class-distance normalised variance, 0 being collapse.

    The mean over pairs of classes of (v_i + v_j) / 2 |m_i - m_j|^2, with v a class's mean squared
    distance from its mean (Galanti et al. 2022, ICLR).
    NaN, with a note, as `nc1`, and where two classes have the same mean.

    Raises:
        ValueError: when there is not one label an item.

    Examples:
        >>> labels = np.repeat([0, 1, 2], 50)
        >>> noise = np.random.default_rng(0).normal(size=(150, 3))
        >>> round(cdnv(np.eye(3)[labels] + 0.1 * noise, labels).value, 3)
        0.015
    """
    parts, note = _classes(embeddings, labels)
    if parts is None:
        return _score(math.nan, len(embeddings), note)
    variances = np.bincount(parts.index, np.vecdot(parts.within, parts.within)) / parts.counts
    gaps = parts.means[:, None] - parts.means
    squares = np.vecdot(gaps, gaps)
    first, second = np.triu_indices(len(variances), 1)
    with np.errstate(divide="ignore"):
        ratios = (variances[first] + variances[second]) / (2 * squares[first, second])
    return _score(float(ratios.mean()), len(embeddings))


def nc2_equinorm(embeddings: Num[np.ndarray, "items dim"], labels: Labels) -> Score:
    """Return how unequal the lengths of the class means about their mean are: SD / mean.

    Raises:
        ValueError: when there is not one label an item.

    Examples:
        >>> labels = np.repeat([0, 1, 2], 2)
        >>> items = np.eye(3)[labels] + 0.1 * np.array([1, -1] * 3)[:, None]
        >>> round(nc2_equinorm(items, labels).value, 6)
        0.0
    """
    parts, note = _classes(embeddings, labels)
    if parts is None:
        return _score(math.nan, len(embeddings), note)
    lengths = np.linalg.norm(parts.means - parts.means.mean(axis=0), axis=1)
    mean = float(lengths.mean())
    return _score(float(lengths.std()) / mean if mean else math.nan, len(embeddings))


def nc2_simplex_gap(embeddings: Num[np.ndarray, "items dim"], labels: Labels) -> Score:
    """Return how far class means are from a simplex: mean |cos + 1 / (C - 1)| over pairs.

    Raises:
        ValueError: when there is not one label an item.

    Examples:
        >>> labels = np.repeat([0, 1, 2], 50)
        >>> noise = np.random.default_rng(0).normal(size=(150, 3))
        >>> nc2_simplex_gap(np.eye(3)[labels] + 0.1 * noise, labels).value < 0.05
        True
    """
    parts, note = _classes(embeddings, labels)
    if parts is None:
        return _score(math.nan, len(embeddings), note)
    about = parts.means - parts.means.mean(axis=0)
    lengths = np.linalg.norm(about, axis=1)
    if not lengths.min() > 0:
        return _score(math.nan, len(embeddings), "a class mean is the mean of all")
    cosines = (about @ about.T) / np.outer(lengths, lengths)
    gaps = np.abs(cosines[np.triu_indices(len(about), 1)] + 1 / (len(about) - 1))
    return _score(float(gaps.mean()), len(embeddings))


def nearest_mean_accuracy(
    train: Num[np.ndarray, "train dim"], train_labels: Shaped[np.ndarray, " train"],
    test: Num[np.ndarray, "test dim"], test_labels: Shaped[np.ndarray, " test"],
) -> Score:  # fmt: skip
    """Return the share of held-out items that lie nearest to the training mean of their class.

    Chance is the share of the most frequent class of the test items. Ties count by their share.

    Examples:
        >>> labels = np.repeat([0, 1], 20)
        >>> items = np.random.default_rng(0).normal(size=(40, 3)) + 5 * labels[:, None]
        >>> nearest_mean_accuracy(items[::2], labels[::2], items[1::2], labels[1::2]).value
        1.0
    """
    names = np.unique(train_labels)
    means = np.stack([train[train_labels == name].mean(axis=0, dtype=np.float64) for name in names])
    gaps = test[:, None].astype(np.float64) - means
    squares = np.vecdot(gaps, gaps)
    nearest = squares <= squares.min(axis=1, keepdims=True) * (1 + 1e-12)
    hits = (nearest & (names == test_labels[:, None])).sum(axis=1) / nearest.sum(axis=1)
    most = np.unique(test_labels, return_counts=True)[1].max() / len(test_labels)
    return Score(float(hits.mean()), chance=float(most), n=len(test))


def _measure(key: str, name: str, compute: object, reference: str) -> Measure:
    return Measure(
        key=key, name=name, compares="one representation and labels", low=0.0, high=math.inf,
        best=None, higher_means="less collapsed", symmetric=True, invariant_to=RIGID,
        centres="columns", chance="permuted labels", resampling="half samples in class",
        needs=frozenset({"labels"}), least_items=4, cost="n d^2", reference=reference,
        oracle="its formula", compute=compute,  # type: ignore[arg-type]
    )  # fmt: skip


_PAPYAN = "Papyan, Han & Donoho (2020), PNAS 117:24652"
NC1 = _measure("nc1", "within-class over between-class variation", nc1, _PAPYAN)
CDNV = _measure("cdnv", "class-distance normalised variance", cdnv, "Galanti et al. (2022), ICLR")
NC2_EQUINORM = _measure("nc2_equinorm", "unequal lengths of class means", nc2_equinorm, _PAPYAN)
NC2_SIMPLEX_GAP = _measure("nc2_simplex_gap", "class means off a simplex", nc2_simplex_gap, _PAPYAN)
