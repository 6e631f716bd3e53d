"""Every measure on every pair of given representations, with chance, intervals and permutations.

All pairs and measures share the halves, the weights and the orders of the items. Each measure's
numbers are one result of the store, so that a killed run goes on with the next measure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Any

import numpy as np

from hybridrep.analysis.centring import taken
from hybridrep.analysis.descriptions import lower_triangle, pair_count
from hybridrep.analysis.dissimilarity import DISSIMILARITIES, dissimilarities
from hybridrep.analysis.inference.pair_weights import bootstrap, item_weights
from hybridrep.analysis.inference.permutations import Alternative
from hybridrep.analysis.inference.resamples import Method, Resampled
from hybridrep.analysis.inference.subsampling import halves
from hybridrep.analysis.measures import MEASURES
from hybridrep.analysis.predictivity import ridge_held_out
from hybridrep.analysis.record import CORE, Measure, Score
from hybridrep.errors import ParameterError
from hybridrep.execution.store import Store
from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Stage
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given.aligned import SIMULATION, Aligned
from hybridrep.studies.given.settings import USUAL_SETTINGS, Settings

STAGE = Stage("measure", module=__name__, noun="measures")
BY_WEIGHTS = {"pearson", "cosine", "spearman", "rho_a"}
"""Comparators whose bootstrap by weights of pairs is a few matrix products."""
MOST_FOR_MATRICES = 5_000
"""Items up to which dissimilarities of all pairs are in memory; above, intervals are by halves."""
MOST_NUMBERS = 1 << 22
"""Numbers of one representation's halves or orders that are in memory at once."""

Pair = tuple[str, str]
Values = np.ndarray  # one value per half, or per order


@dataclass(frozen=True, eq=False)
class Measured:
    """One measure on some pairs.

    Attributes:
        measure: which.
        pairs: names of both sides.
        scores: of each pair.
        resampled: pair after pair, or None where no interval was asked for.
        null: orders x pairs; empty: none was asked for, or none would say anything.
    """

    measure: Measure
    pairs: tuple[Pair, ...]
    scores: tuple[Score, ...]
    resampled: Resampled | None
    null: np.ndarray

    @property
    def alternative(self) -> Alternative:
        """Which values speak against chance."""
        if self.measure.best == 0:
            return "less"
        return "two-sided" if self.measure.chance == "zero" else "greater"


def measure_of(
    key: str, parameter: str = "measures", settings: Settings = USUAL_SETTINGS
) -> Measure:
    """Return a measure by its key.

    Raises:
        ParameterError: there is none; it says which there are.
    """
    return settings.measure(key, parameter)


def chosen_measures(names: Sequence[str], settings: Settings = USUAL_SETTINGS) -> list[Measure]:
    """Return the measures that `measures` names, each once.

    Raises:
        ParameterError: there is none of a name, or it does not compare two representations.
    """
    keys: list[str] = []
    for name in names:
        if name == "core":
            keys += map(settings.usual, CORE)
        elif name == "all":
            keys += [settings.usual(k) for k, m in MEASURES.items()
                     if m.compares == "two representations"
                     and not m.needs & {"same space", "repeats"}]  # fmt: skip
        else:
            keys.append(measure_of(name, settings=settings).key)
    found = [measure_of(key, settings=settings) for key in dict.fromkeys(keys)]
    for each in found:
        if each.compares != "two representations":
            raise ParameterError(
                f"parameter measures: {each.key} compares {each.compares}; those of two are, among "
                f"others, {', '.join(CORE)}"
            )
    if not found:
        raise ParameterError("parameter measures: none is named")
    return found


def pairs_of(names: Sequence[str], measure: Measure, reference: str = "") -> tuple[Pair, ...]:
    """Return the pairs to compare: all, or those with the reference as the second side.

    What is not symmetric is asked both ways.
    """
    if reference:
        others = [(name, reference) for name in names if name != reference]
        back = [] if measure.symmetric else [(second, first) for first, second in others]
        return (*others, *back)
    return tuple(combinations(names, 2) if measure.symmetric else permutations(names, 2))


def pairs_with_repeats(given: Aligned, measure: Measure, reference: str = "") -> tuple[Pair, ...]:
    """Return the pairs of `pairs_of` whose representations have the repeats that a measure needs.

    Of a matrix nobody knows whether its dissimilarities are crossvalidated, so that it may be the
    other side; at least one side has repeats.
    """
    pairs = pairs_of(given.names, measure, reference)
    if "repeats" not in measure.needs:
        return pairs
    if len(given.ids) > MOST_FOR_MATRICES:
        return ()
    repeats = {one.name: one.repeats for one in given.representations}
    return tuple(
        pair
        for pair in pairs
        if 1 not in (own := [repeats[name] for name in pair]) and max(own) > 1
    )


def with_repeats(
    given: Aligned, measures: Sequence[Measure], reference: str = ""
) -> tuple[list[Measure], tuple[str, ...]]:
    """Return the measures that there are pairs for, and which pairs are left out of which, and why.

    Raises:
        ParameterError: no measure is left.
    """
    kept: list[Measure] = []
    counts: dict[str, list[str]] = {}
    for each in measures:
        asked = pairs_of(given.names, each, reference)
        pairs = pairs_with_repeats(given, each, reference)
        if pairs or not asked:
            kept.append(each)
        if len(pairs) < len(asked):
            counts.setdefault(f"{len(asked) - len(pairs)} of {len(asked)}", []).append(each.key)
    notes = tuple(
        f"{', '.join(keys)}: {count} pairs are left out, as {_lacking(given)}."
        for count, keys in counts.items()
    )
    if measures and not kept:
        raise ParameterError(
            f"parameter measures: {' '.join(notes)} Name other measures, or give every item at "
            "least twice, with the column `repeat`"
        )
    return kept, notes


def _lacking(given: Aligned) -> str:
    """Say why representations have no crossvalidated distances."""
    if len(given.ids) > MOST_FOR_MATRICES:
        return f"distances of all pairs are for {MOST_FOR_MATRICES:,} items at most"
    once = [one.name for one in given.representations if one.repeats == 1]
    if not once:
        return "of two matrices neither has repeats"
    names = ", ".join(once)
    return f"crossvalidated distances need repeats and {names} {'have' if once[1:] else 'has'} none"


def check_kinds(given: Aligned, measures: Sequence[Measure]) -> None:
    """Refuse measures of vectors where a representation is a matrix, by their names."""
    matrices = [one.name for one in given.representations if one.kind != "vectors"]
    wrong = [each.key for each in measures if each.of_dissimilarities is None]
    if matrices and wrong:
        raise ParameterError(
            f"parameter measures: {', '.join(wrong)} need vectors, and {', '.join(matrices)} gives "
            "dissimilarities alone: name measures of these, e.g. measures=rsa.euclidean.spearman"
        )


def measured(
    given: Aligned, measure: Measure, pairs: Sequence[Pair], resamples: int, orders: int,
    store: Store | None = None, settings: Settings = USUAL_SETTINGS,
) -> Measured:  # fmt: skip
    """Measure some pairs, and how sure that is; from the store where it is there.

    Args:
        given: representations of the same items.
        measure: compares two of them.
        pairs: names of both sides.
        resamples: halves of the items (weights of pairs: five times as many); 0: no intervals.
        orders: random pairings; 0: no p values.
        store: where the numbers are kept; None: nowhere.
        settings: folds, and items that stay together.
    """

    def make() -> Made:
        scores, resampled, null = _numbers(given, measure, pairs, resamples, orders, settings)
        arrays = {"null": null}
        meta: dict[str, Any] = {"scores": [vars(each) for each in scores], "resampled": None}
        if resampled is not None:
            arrays |= {"values": resampled.values, "resamples": resampled.resamples}
            facts = {"items": resampled.items, "factor": resampled.factor}
            meta["resampled"] = {"method": resampled.method, **facts}
        return Made(arrays={"numbers": arrays}, files={"scores.json": json.dumps(meta).encode()})

    if store is None:
        made = make()
        arrays, text = dict(made.arrays["numbers"]), made.files["scores.json"]
    else:
        digests = {name: given.digest(name) for name in given.names}
        key = STAGE.key(
            measure.key, list(map(list, pairs)), resamples, orders, digests, len(given.ids),
            settings.identity(measure),
        )  # fmt: skip
        stored = STAGE.keep(store, key, make, {"measure": measure.key})
        arrays, text = dict(stored.arrays("numbers")), stored.file("scores.json").read_bytes()
    meta = json.loads(text)
    scores = tuple(Score(**each) for each in meta["scores"])
    resampled = None
    if meta["resampled"] is not None:
        resampled = Resampled(arrays["values"], arrays["resamples"], **meta["resampled"])
    return Measured(measure, tuple(pairs), scores, resampled, arrays["null"])


def _numbers(
    given: Aligned, measure: Measure, pairs: Sequence[Pair], resamples: int, orders: int,
    settings: Settings,
) -> tuple[list[Score], Resampled | None, np.ndarray]:  # fmt: skip
    compared = {name for pair in pairs for name in pair}
    by_name = {one.name: one for one in given.representations if one.name in compared}
    kinds = {one.kind for one in by_name.values()}
    if kinds != {"vectors"} or "repeats" in measure.needs:
        sides: _Sides = _Dissimilar(measure, by_name)
    elif measure.describe is not None and measure.compare is not None:
        sides = _Described(measure, by_name)
    else:
        sides = _Plain(measure, by_name)
    sides.settings = settings
    scores = sides.scores(pairs)
    resampled = _resampled(sides, pairs, scores, resamples) if resamples else None
    null = np.empty((0, len(pairs)))
    if orders and sides.permutes:
        rng = generator(0, "measure", "orders", simulation=SIMULATION)
        drawn = np.stack([rng.permutation(sides.items) for _ in range(orders)])
        null = np.concatenate([sides.paired(pairs, part) for part in sides.parts(drawn)])
    return scores, resampled, null


def _resampled(
    sides: _Sides, pairs: Sequence[Pair], scores: Sequence[Score], resamples: int
) -> Resampled | None:
    values = np.array([each.value for each in scores])
    rng = generator(0, "measure", "resamples", simulation=SIMULATION)
    comparator = sides.measure.key.rpartition(".")[2]
    groups = sides.settings.groups
    if groups is not None and sides.measure.resampling in ("pair weights", "half samples"):
        return _by_groups(sides, pairs, values, groups, resamples, rng)
    by_weights = comparator in BY_WEIGHTS and sides.items <= MOST_FOR_MATRICES
    if sides.measure.resampling == "pair weights" and by_weights:
        names = list(dict.fromkeys(name for pair in pairs for name in pair))
        matrices = np.stack([sides.matrix(name) for name in names])
        found = bootstrap(matrices, 5 * resamples, rng=rng, comparator=comparator)  # type: ignore[arg-type]
        place = {pair: at for at, pair in enumerate(combinations(names, 2))}
        at = [place.get(pair, place.get(pair[::-1], 0)) for pair in pairs]
        return Resampled(values, found.resamples[:, at], "pair weights", sides.items)
    if sides.measure.resampling == "held-out items":
        if groups is None:
            weights = item_weights(sides.items, 5 * resamples, rng)
        else:
            weights = item_weights(int(groups.max()) + 1, 5 * resamples, rng)[:, groups]
        every = [sides.held_out(pair, weights) for pair in pairs]
        parts = [part for part in every if part is not None]
        if len(parts) < len(pairs):
            return None
        return Resampled(values, np.column_stack(parts), "held-out items", sides.items)
    if sides.measure.resampling not in ("half samples", "pair weights"):
        return None
    drawn = np.stack(list(halves(sides.items, resamples, rng)))
    found_values = np.concatenate([sides.halved(pairs, part) for part in sides.parts(drawn)])
    method: Method = "half samples"
    half = sides.items // 2
    factor = math.sqrt(half / (sides.items - half))
    return Resampled(values, found_values, method, sides.items, factor)


def _by_groups(
    sides: _Sides, pairs: Sequence[Pair], values: np.ndarray, groups: np.ndarray, resamples: int,
    rng: np.random.Generator,
) -> Resampled:  # fmt: skip
    """Draw half of the groups of items; halves then differ in how many items they hold."""
    names = np.unique(groups)
    drawn = halves(sides.items, resamples, rng, together=groups)
    found = np.concatenate([sides.halved(pairs, half[None]) for half in drawn])
    half = len(names) // 2
    factor = math.sqrt(half / (len(names) - half))
    return Resampled(values, found, "half samples", len(names), factor)


class _Sides:
    """The representations as one measure takes them."""

    permutes = True
    settings = USUAL_SETTINGS

    def __init__(self, measure: Measure, by_name: Mapping[str, Representation]) -> None:
        self.measure, self.by_name = measure, by_name
        self.items = next(iter(by_name.values())).size

    def scores(self, pairs: Sequence[Pair]) -> list[Score]:
        raise NotImplementedError

    def paired(self, pairs: Sequence[Pair], orders: np.ndarray) -> np.ndarray:
        """Return values with the second side's items in some orders: orders x pairs."""
        raise NotImplementedError

    def halved(self, pairs: Sequence[Pair], rows: np.ndarray) -> np.ndarray:
        """Return values of some of the items: halves x pairs."""
        raise NotImplementedError

    def held_out(self, pair: Pair, weights: np.ndarray) -> np.ndarray | None:
        """Return values of resampled items that were held out; None: it fits nothing."""
        return None

    def matrix(self, name: str) -> np.ndarray:
        """Return the dissimilarities of a representation's items, items x items."""
        one = self.by_name[name]
        if one.kind == "rdm":
            return np.asarray(one.values.mean(axis=0))
        if one.kind == "similarity":
            return np.asarray(-one.values.mean(axis=0))
        pairs = dissimilarities(self.vectors(name), dissimilarity_of(self.measure))
        matrix = np.zeros((self.items, self.items))
        rows, columns = np.tril_indices(self.items, -1)
        matrix[rows, columns] = matrix[columns, rows] = pairs
        return matrix

    def vectors(self, name: str) -> np.ndarray:
        """Return a representation's vectors as the measure takes them."""
        one = self.by_name[name]
        return one.measurements if "repeats" in self.measure.needs else one.values

    def parts(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Cut halves or orders into parts that are in memory at once."""
        widest = max(one.values.shape[-1] for one in self.by_name.values())
        step = max(1, MOST_NUMBERS // (rows.shape[1] * widest))
        for start in range(0, len(rows), step):
            yield rows[start : start + step]


class _Described(_Sides):
    """Described once a side, many halves or orders at a time."""

    def __init__(self, measure: Measure, by_name: Mapping[str, Representation]) -> None:
        super().__init__(measure, by_name)
        assert measure.describe is not None
        assert measure.compare is not None
        self._describe: Callable[..., Any] = measure.describe
        self._compare: Callable[..., Any] = measure.compare
        self._whole = {name: self._describe(one.values[None]) for name, one in by_name.items()}

    def scores(self, pairs: Sequence[Pair]) -> list[Score]:
        assert self.measure.score is not None
        whole = self._whole
        return [self.measure.score(whole[first], whole[second])[0] for first, second in pairs]

    def paired(self, pairs: Sequence[Pair], orders: np.ndarray) -> np.ndarray:
        needed = {name for _, name in pairs}
        moved = {name: self._describe(self.by_name[name].values[orders]) for name in needed}
        same = np.zeros(len(orders), dtype=np.int64)
        fixed = {name: taken(self._whole[name], same) for name in {name for name, _ in pairs}}
        return np.column_stack([self._compare(fixed[a], moved[b]) for a, b in pairs])

    def halved(self, pairs: Sequence[Pair], rows: np.ndarray) -> np.ndarray:
        needed = {name for pair in pairs for name in pair}
        described = {name: self._describe(self.by_name[name].values[rows]) for name in needed}
        return np.column_stack([self._compare(described[a], described[b]) for a, b in pairs])


class _Plain(_Sides):
    """Computed pair by pair; where something is fitted, shuffled items are not fitted anew."""

    def __init__(self, measure: Measure, by_name: Mapping[str, Representation]) -> None:
        super().__init__(measure, by_name)
        self.permutes = measure.resampling != "held-out items"

    def _value(self, first: np.ndarray, second: np.ndarray) -> float:
        return float(self.measure.compute(first, second).value)

    def scores(self, pairs: Sequence[Pair]) -> list[Score]:
        values = self.by_name
        return [self.measure.compute(values[a].values, values[b].values) for a, b in pairs]

    def paired(self, pairs: Sequence[Pair], orders: np.ndarray) -> np.ndarray:
        named = self.by_name
        return np.array(
            [
                [self._value(named[a].values, named[b].values[order]) for a, b in pairs]
                for order in orders
            ]
        )

    def halved(self, pairs: Sequence[Pair], rows: np.ndarray) -> np.ndarray:
        named = self.by_name
        return np.array(
            [[self._value(named[a].values[r], named[b].values[r]) for a, b in pairs] for r in rows]
        )

    def held_out(self, pair: Pair, weights: np.ndarray) -> np.ndarray | None:
        if self.measure.key != "ridge_r2":
            return None
        first, second = (self.by_name[name].values for name in pair)
        folds, groups = self.settings.folds, self.settings.groups
        found = ridge_held_out(first, second, folds, groups=groups)
        if found.note:
            return np.full(len(weights), math.nan)
        totals = weights @ found.totals
        values: np.ndarray = 1 - (weights @ found.errors) / np.where(totals > 0, totals, math.nan)
        return values


class _Dissimilar(_Sides):
    """Of dissimilarities: where a side is a matrix, all are, and where vectors have repeats.

    Noise that is whitened is that of all items, in halves of them, too.
    """

    def __init__(self, measure: Measure, by_name: Mapping[str, Representation]) -> None:
        super().__init__(measure, by_name)
        assert measure.describe is not None
        assert measure.describe_dissimilarities is not None
        assert measure.compare is not None
        self._describe: Callable[..., Any] = measure.describe_dissimilarities
        self._compare: Callable[..., Any] = measure.compare
        vectors = (name for name, one in by_name.items() if one.kind == "vectors")
        self._vectors = {name: measure.describe(self.vectors(name)[None]) for name in vectors}
        self._matrices = {name: self.matrix(name) for name in by_name}

    def _some(self, name: str, rows: np.ndarray) -> Any:
        """Describe some items, or some orders of them, by their dissimilarities."""
        matrix = self._matrices[name]
        return self._describe(np.stack([lower_triangle(matrix[np.ix_(r, r)]) for r in rows]))

    def scores(self, pairs: Sequence[Pair]) -> list[Score]:
        assert self.measure.score is not None
        every = np.arange(self.items)[None]
        whole = {name: self._some(name, every) for name in self._matrices}
        found = []
        for pair in pairs:
            sides = self._vectors if all(name in self._vectors for name in pair) else whole
            found += self.measure.score(*(sides[name] for name in pair))
        return found

    def paired(self, pairs: Sequence[Pair], orders: np.ndarray) -> np.ndarray:
        moved = {name: self._some(name, orders) for name in {name for _, name in pairs}}
        every, same = np.arange(self.items)[None], np.zeros(len(orders), dtype=np.int64)
        fixed = {n: taken(self._some(n, every), same) for n in {name for name, _ in pairs}}
        return np.column_stack([self._compare(fixed[a], moved[b]) for a, b in pairs])

    def halved(self, pairs: Sequence[Pair], rows: np.ndarray) -> np.ndarray:
        described = {
            name: self._some(name, rows) for name in {name for pair in pairs for name in pair}
        }
        return np.column_stack([self._compare(described[a], described[b]) for a, b in pairs])

    def parts(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Cut halves or orders into parts whose pairs are in memory at once."""
        step = max(1, MOST_NUMBERS // max(1, pair_count(rows.shape[1])))
        for start in range(0, len(rows), step):
            yield rows[start : start + step]


def dissimilarity_of(measure: Measure) -> str:
    """Return which dissimilarity of vectors a measure compares: its key's, or its family's.

    Example:
        >>> keys = "rsa.crossnobis.cosine", "trsa.l20.u80", "mutual_knn.k5"
        >>> [dissimilarity_of(MEASURES[key]) for key in keys]
        ['crossnobis', 'sqeuclidean', 'cosine']
    """
    family, *parts = measure.key.split(".")
    usual = "sqeuclidean" if family == "trsa" else "cosine"
    return next((part for part in parts if part in DISSIMILARITIES), usual)


def noted(score: Score, *notes: str) -> Score:
    """Return a score with further notes."""
    return replace(score, note="; ".join(dict.fromkeys(filter(None, (score.note, *notes)))))
