"""Measures of a seed's pairs that are not followed over all epochs: before training, half, last.

Each representation is described once and scored with all others that it meets. Where only shuffled
items show what chance gives, they do, in one order for all pairs of a seed. What is fitted takes
some ten times as long as the others and is there at half of the epochs alone, but both ways.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.centring import taken
from hybridrep.analysis.record import CORE, Measure, Score
from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import FOLLOWED, PAIRS, REVERSED_PAIRS
from hybridrep.studies.hybrid.pairs import roles
from hybridrep.studies.hybrid.similarity import representations
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.studies.hybrid.transformation.tracked import half_of

STAGE = Stage("measures", module=__name__, entry="rsa")
SHUFFLES = 1
"""Random orders of the items that chance is the mean of, where it has no formula; each seed has its
own, so that the mean over seeds is one over as many orders."""

FOLDS = 3
"""Of ridge regression: with five it takes four times as long, for a fifth more items to fit on."""

Rows = Iterator[tuple[str, int, int, str, str, float, float]]


def names_of(study: Hybrid) -> tuple[str, ...]:
    """Return what the study asks for, each once: keys or names of families, and `all`."""
    names: list[str] = []
    for name in study.inputs.config.measures:
        names += CORE if name == "core" else () if name == "none" else (name,)
    return tuple(dict.fromkeys(names))


def keys_of(study: Hybrid) -> tuple[str, ...]:
    """Return the keys of the measures that the study asks for."""
    from hybridrep.analysis.measures import measures_of_two

    return tuple(each.key for each in measures_of_two(names_of(study)))


@declared_once
def node(study: Hybrid, seed: int) -> Node:
    """Declare a seed's measures beside those that are followed."""
    variants = tuple(transformation.variants(study))
    names = tuple(name for name in names_of(study) if name not in FOLLOWED)
    return STAGE.node(
        make, variants, names, seed, representations=representations.node(study, seed), seed=seed,
        seconds=0.25 * len(variants) * len(names), about={"seed": seed},
    )  # fmt: skip


def make(
    read: Reader, variants: tuple[Variant, ...], names: tuple[str, ...], seed: int
) -> Made:  # fmt: skip
    """Measure all pairs: direction, bottleneck, epoch, pair, measure, value, chance."""
    from hybridrep.analysis.measures import measures_of_two

    asked = [each for each in measures_of_two(names) if each.key not in FOLLOWED]
    stored = read["representations"]
    originals = stored.arrays("originals")
    arrays = {name: originals[name] for name in ("global", "task_specific")}
    places: list[tuple[Variant, int, Mapping[str, str]]] = []
    for variant in variants:
        for epoch in representations.epochs_of(variant):
            own = representations.of_epoch(stored, variant, epoch)
            named = {f"{variant.place} {epoch} {n}": a for n, a in zip("mr", own, strict=True)}
            arrays |= named
            first, second, *_ = roles(variant.direction)
            parts = ("input", "target", "bottleneck", "reconstructed")
            places.append((variant, epoch, dict(zip(parts, (first, second, *named), strict=True))))
    rows = [row for each in asked for row in _rows(each, arrays, places, seed)]
    columns = ["direction", "bottleneck", "epoch", "pair", "measure", "value", "chance"]
    return Made(tables={"measures": pd.DataFrame(rows, columns=columns)})


def _rows(
    measure: Measure, arrays: Mapping[str, np.ndarray],
    places: Sequence[tuple[Variant, int, Mapping[str, str]]], seed: int,
) -> Rows:  # fmt: skip
    """Yield a measure of every pair; one that is not symmetric both ways at half of the epochs."""
    asked = []
    for variant, epoch, parts in places:
        at_half = epoch == half_of(variant.epochs)
        if measure.resampling == "held-out items" and not at_half:
            continue
        both_ways = not measure.symmetric and at_half
        for pair in (*PAIRS, *(REVERSED_PAIRS if both_ways else ())):
            first, _, second = pair.partition("_vs_")
            asked.append((variant, epoch, pair, (parts[first], parts[second])))
    pairs = list(dict.fromkeys(_in_order(measure, both) for *_, both in asked))
    orders = orders_of(seed, len(arrays["global"]))
    scores = dict(zip(pairs, scores_of(measure, arrays, pairs, orders), strict=True))
    for variant, epoch, name, both in asked:
        score = scores[_in_order(measure, both)]
        yield (
            variant.direction, variant.bottleneck, epoch, name, measure.key, score.value,
            score.chance,
        )  # fmt: skip


def _in_order(measure: Measure, pair: tuple[str, str]) -> tuple[str, str]:
    """Return a pair of a symmetric measure in one order, whichever way it is asked for."""
    first, second = sorted(pair) if measure.symmetric else pair
    return first, second


def scores_of(
    measure: Measure, arrays: Mapping[str, np.ndarray], pairs: Sequence[tuple[str, str]],
    orders: np.ndarray,
) -> list[Score]:  # fmt: skip
    """Return a measure of some pairs of representations of the same items, with what chance gives.

    Args:
        measure: of two representations.
        arrays: name -> items x dimensions.
        pairs: names of both sides.
        orders: random orders of the second side's items [orders, items], for chance that has no
            formula; there may be none.
    """
    if measure.key == "ridge_r2":
        return _predicted(arrays, pairs)
    if measure.describe is None or measure.compare is None or measure.score is None:
        return [_plain(measure, arrays[first], arrays[second], orders) for first, second in pairs]
    describe, compare, score = measure.describe, measure.compare, measure.score
    names = dict.fromkeys(name for pair in pairs for name in pair)  # each once
    sides = {name: describe(arrays[name][None]) for name in names}
    found = [score(sides[first], sides[second])[0] for first, second in pairs]
    if measure.chance != "permutation" or not len(orders):
        return found
    same = np.zeros(len(orders), np.int64)
    moved = {name: describe(arrays[name][orders]) for name in {second for _, second in pairs}}
    return [
        _with_chance(each, compare(taken(sides[first], same), moved[second]))
        for each, (first, second) in zip(found, pairs, strict=True)
    ]


def orders_of(seed: int, items: int, shuffles: int = SHUFFLES) -> np.ndarray:
    """Return a seed's random orders of the items, [shuffles, items]."""
    rng = generator(seed, "measures", "orders")
    drawn = [rng.permutation(items) for _ in range(shuffles)]
    return np.array(drawn, dtype=np.int64).reshape(shuffles, items)


def _with_chance(score: Score, null: np.ndarray) -> Score:
    if math.isnan(score.value) or not np.isfinite(null).all():
        return score
    return replace(score, chance=float(null.mean()))


def _plain(measure: Measure, first: np.ndarray, second: np.ndarray, orders: np.ndarray) -> Score:
    score: Score = measure.compute(first, second)
    if measure.chance != "permutation" or not len(orders):
        return score
    compute: Callable[..., Any] = measure.compute
    return _with_chance(score, np.array([compute(first, second[o]).value for o in orders]))


def _predicted(arrays: Mapping[str, np.ndarray], pairs: Sequence[tuple[str, str]]) -> list[Score]:
    """Return ridge regression's scores; what the first side needs is computed once."""
    from hybridrep.analysis.predictivity import ridge_r2_of

    found: dict[tuple[str, str], Score] = {}
    for first in dict.fromkeys(first for first, _ in pairs):
        targets = [second for one, second in pairs if one == first]
        scores = ridge_r2_of(arrays[first], [arrays[name] for name in targets], FOLDS)
        found |= {(first, name): score for name, score in zip(targets, scores, strict=True)}
    return [found[pair] for pair in pairs]
