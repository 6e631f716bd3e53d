"""What people said, beside what representations hold: ratings of pairs, and odd ones out.

Of three items the odd one is that outside of the most similar pair: the share of triplets where a
representation finds it, ties shared, against 1/3 by chance (Hebart et al. 2020, Nature Human
Behaviour 4:1173). Ratings of how alike two items are: Spearman's rho with its similarities. Both
with a bootstrap over items, by weights of the judgements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from hybridrep.analysis.ceilings import noise_ceiling
from hybridrep.analysis.inference.pair_weights import item_weights
from hybridrep.analysis.similarity import unit_rows
from hybridrep.randomness import generator
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given.aligned import SIMULATION, Aligned

PAIRS_OF_THREE = ((0, 1, 2), (0, 2, 1), (1, 2, 0))
"""Two of three items, and the third."""
FEWEST = 3
"""Judgements, with fewer of which nothing is said."""
MOST_NUMBERS = 1 << 19
"""Of an array that is in memory at once: some resamples of all judgements, or of all items."""


Similar = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Rows of items, and of others -> how alike each is to the other."""


@dataclass(frozen=True)
class Ceiling:
    """How well people agree with themselves; NaN where nothing was judged twice."""

    lower: float = math.nan
    upper: float = math.nan
    note: str = ""


def judged(given: Aligned, said: Sequence[Representation], resamples: int) -> list[dict[str, Any]]:
    """Return how well every representation tells what people said: one row each.

    Args:
        given: representations of the same items.
        said: ratings and triplets, of some of these items.
        resamples: of the items, for intervals; 0: none.
    """
    similar = {one.name: similarities(one) for one in given.representations}
    place = {name: row for row, name in enumerate(given.ids)}
    rows = []
    for each in said:
        known, lost = _of_items(each, place)
        if each.kind == "triplets":
            made = _of_triplets(known, place, similar, len(given.ids), resamples)
            ceiling = triplet_ceiling(known)
        else:
            made = _of_ratings(known, place, similar, len(given.ids), resamples)
            ceiling = rating_ceiling(known)
        for name, (value, low, high, note) in made:
            rows.append(
                {
                    "judgements": each.name, "kind": each.kind, "representation": name,
                    "n": len(known), "lost": lost, "value": value,
                    "chance": 1 / 3 if each.kind == "triplets" else 0.0, "low": low, "high": high,
                    "ceiling_lower": ceiling.lower, "ceiling_upper": ceiling.upper,
                    "subjects": known["subject"].nunique(),
                    "note": "; ".join(filter(None, (note, ceiling.note))),
                }
            )  # fmt: skip
    return rows


def similarities(one: Representation) -> Similar:
    """Return what says how alike pairs of items are, by their rows: cosines of vectors."""
    if one.kind == "vectors":
        units = unit_rows(one.values)
        step = max(1, MOST_NUMBERS // max(1, units.shape[1]))

        def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
            found = np.empty(len(first))
            for start in range(0, len(first), step):
                some = slice(start, start + step)
                found[some] = np.vecdot(units[first[some]], units[second[some]])
            return found

        return cosines
    sign = -1 if one.kind == "rdm" else 1
    matrix = sign * one.values.mean(axis=0)
    return lambda first, second: np.asarray(matrix[first, second])


def _of_items(said: Representation, place: dict[str, int]) -> tuple[pd.DataFrame, int]:
    """Return the judgements about items that are compared, and how many others there are."""
    columns = ["a", "b", "c"] if said.kind == "triplets" else ["first", "second"]
    kept = said.judgements[columns].isin(list(place)).all(axis=1)
    return said.judgements[kept].reset_index(drop=True), int((~kept).sum())


Made = Iterator[tuple[str, tuple[float, float, float, str]]]


def _of_triplets(
    known: pd.DataFrame, place: dict[str, int], similar: dict[str, Similar], items: int,
    resamples: int,
) -> Made:  # fmt: skip
    at = np.array([[place[x] for x in row] for row in known[["a", "b", "c"]].to_numpy()])
    odd = np.array([place[x] for x in known["odd"]])
    if len(known) < FEWEST:
        nothing = math.nan, math.nan, math.nan, f"fewer than {FEWEST} judgements"
        yield from ((name, nothing) for name in similar)
        return
    hits = np.column_stack([odd_ones(alike, at, odd) for alike in similar.values()])
    values = np.empty((resamples, len(similar)))
    for rows, weights in _weights(at, items, resamples):
        totals = weights.sum(axis=1, keepdims=True)
        values[rows] = weights @ hits / np.where(totals > 0, totals, math.nan)
    for name, own, drawn in zip(similar, hits.T, values.T, strict=True):
        yield name, (float(own.mean()), *_interval(drawn), "")


def odd_ones(alike: Similar, at: np.ndarray, odd: np.ndarray) -> np.ndarray:
    """Return for each triplet whether the odd one is that outside of the most similar pair.

    Args:
        alike: how alike pairs of items are, by their rows.
        at: triplets x 3, rows of the items.
        odd: the item that was called odd.

    Returns:
        1 or 0; where pairs are equally similar, its share.

    Example:
        >>> matrix = np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]])
        >>> three, odd = np.array([[0, 1, 2]] * 2), np.array([2, 0])
        >>> odd_ones(lambda first, second: matrix[first, second], three, odd).tolist()
        [1.0, 0.0]
    """
    values = np.column_stack([alike(at[:, i], at[:, j]) for i, j, _ in PAIRS_OF_THREE])
    best = values.max(axis=1, keepdims=True)
    ties = values >= best - 1e-12 * np.maximum(1.0, np.abs(best))
    outside = np.column_stack([at[:, third] for *_, third in PAIRS_OF_THREE])
    found: np.ndarray = (ties & (outside == odd[:, None])).sum(axis=1) / ties.sum(axis=1)
    return found


def _of_ratings(
    known: pd.DataFrame, place: dict[str, int], similar: dict[str, Similar], items: int,
    resamples: int,
) -> Made:  # fmt: skip
    sides = np.array([[place[x] for x in row] for row in known[["first", "second"]].to_numpy()])
    sides.sort(axis=1)
    pairs, which = np.unique(sides, axis=0, return_inverse=True) if len(sides) else (sides, sides)
    mean = np.bincount(which.ravel(), known["rating"]) / np.bincount(which.ravel()) if len(sides) \
        else np.empty(0)  # fmt: skip
    if len(pairs) < FEWEST:
        nothing = math.nan, math.nan, math.nan, f"fewer than {FEWEST} rated pairs"
        yield from ((name, nothing) for name in similar)
        return
    said = rankdata(mean)
    ranks = [rankdata(alike(pairs[:, 0], pairs[:, 1])) for alike in similar.values()]
    values = np.empty((resamples, len(similar)))
    for rows, weights in _weights(pairs, items, resamples):
        for column, own in enumerate(ranks):
            values[rows, column] = weighted_r(own, said, weights)
    for name, own, drawn in zip(similar, ranks, values.T, strict=True):
        whole = weighted_r(own, said, np.ones((1, len(pairs))))[0]
        note = "" if math.isfinite(whole) else "one side does not vary"
        yield name, (float(whole), *_interval(drawn), note)


def weighted_r(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Pearson's r of two vectors for each row of weights; NaN where a side is constant."""
    totals = weights.sum(axis=1, keepdims=True)
    shares = weights / np.where(totals > 0, totals, math.nan)
    x, y = (each - shares @ each[:, None] for each in (first, second))
    cross, xx, yy = ((shares * a * b).sum(axis=1) for a, b in ((x, y), (x, x), (y, y)))
    least = 1e-12 * (np.square(first).mean() * np.square(second).mean())
    product = xx * yy
    found: np.ndarray = cross / np.sqrt(np.where(product > least, product, math.nan))
    return found


def _weights(at: np.ndarray, items: int, resamples: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield how often judgements occur in resamples of the items, so many as memory holds at once.

    Args:
        at: judgements x 2 or 3, rows of the items.
        items: how many there are.
        resamples: how many are drawn in all.

    Yields:
        which resamples, and the weights of the judgements in them, resamples x judgements.
    """
    rng = generator(0, "measure", "judgements", simulation=SIMULATION)
    step = max(1, MOST_NUMBERS // max(items, len(at)))
    for start in range(0, resamples, step):
        rows = slice(start, min(start + step, resamples))
        drawn = item_weights(items, rows.stop - start, rng)
        weights = drawn[:, at[:, 0]]
        for side in at.T[1:]:
            weights *= drawn[:, side]
        yield rows, weights


def _interval(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if len(finite) < 2:
        return math.nan, math.nan
    low, high = np.percentile(finite, [2.5, 97.5])
    return float(low), float(high)


def triplet_ceiling(known: pd.DataFrame) -> Ceiling:
    """Return how well triplets that were judged more than once could be told.

    Upper: by the most frequent answer. Lower: each answer by the most frequent of the others; ties
    are shared.

    Example:
        >>> rows = [("a", "b", "c", "c", "1")] * 3 + [("c", "a", "b", "a", "2")]
        >>> found = triplet_ceiling(pd.DataFrame(rows, columns=[*"abc", "odd", "subject"]))
        >>> found.lower, found.upper
        (0.75, 0.75)
    """
    three = [tuple(sorted(row)) for row in known[["a", "b", "c"]].itertuples(index=False)]
    upper = lower = 0.0
    total = 0
    for _, answers in known["odd"].groupby(pd.Series(three, dtype=object), sort=False):
        if len(answers) < 2:
            continue
        counts = answers.value_counts()
        total += len(answers)
        upper += int(counts.max())
        for name, count in counts.items():
            others = (
                counts.drop(name) if count == 1 else counts.where(counts.index != name, count - 1)
            )
            ties = others[others == others.max()]
            lower += int(count) * (1 / len(ties) if name in ties.index else 0.0)
    if not total:
        return Ceiling(note="no triplet was judged twice: no ceiling")
    return Ceiling(lower / total, upper / total)


def rating_ceiling(known: pd.DataFrame) -> Ceiling:
    """Return the ceiling of subjects who rated the same pairs, by ranks (Nili et al. 2014)."""
    both = known[["first", "second"]].to_numpy()
    pair = pd.Series(["\0".join(sorted(map(str, row))) for row in both], dtype=object)
    table = known.assign(pair=pair).pivot_table(index="subject", columns="pair", values="rating")
    if len(table) < 2:
        return Ceiling(note="one subject: no ceiling")
    shared = table.dropna(axis="columns")
    if shared.shape[1] < FEWEST:
        return Ceiling(note=f"fewer than {FEWEST} pairs were rated by all subjects: no ceiling")
    found = noise_ceiling(shared.to_numpy(dtype=np.float64), "spearman")
    note = found.note
    if shared.shape[1] < table.shape[1]:
        note = "; ".join(filter(None, (note, f"ceiling of {shared.shape[1]} pairs that all rated")))
    return Ceiling(found.lower, found.upper, note)
