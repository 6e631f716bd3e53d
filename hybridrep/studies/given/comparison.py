"""The result of `measure`: its tables, in Python and for a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.descriptions import lower_triangle
from hybridrep.analysis.inference.corrections import correct
from hybridrep.analysis.inference.permutations import Permuted
from hybridrep.analysis.inference.resamples import Resampled, difference
from hybridrep.analysis.inference.subsampling import half_samples
from hybridrep.analysis.neighbours import (
    NeighbourSide,
    describe_neighbours,
    neighbours_of_pairs,
    shared_neighbours,
)
from hybridrep.analysis.record import Measure, Score
from hybridrep.analysis.schema import make_table
from hybridrep.analysis.statistics import holm
from hybridrep.errors import ParameterError
from hybridrep.execution.store import Store
from hybridrep.execution.threads import single_thread
from hybridrep.randomness import generator
from hybridrep.sources.vectors.records import (
    Representation,
    checked_name,
    checked_vectors,
    of_repeats,
)
from hybridrep.studies.given.aligned import SIMULATION, Aligned
from hybridrep.studies.given.asked import Asked, asked_for
from hybridrep.studies.given.comparing import (
    Measured,
    measure_of,
    measured,
    noted,
    pairs_with_repeats,
)
from hybridrep.studies.given.instances import ceilings, identified
from hybridrep.studies.given.judged import judged
from hybridrep.studies.given.settings import USUAL_SETTINGS, Settings
from hybridrep.studies.given.tables import SCHEMAS

NEIGHBOURS = 10
"""Nearest items of an item that `alignment` looks at, where there are so many."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Representations compared by measures, as tables.

    Attributes:
        tables: by name: `pairs`, `differences`, `describe`, `judgements`, `identification`,
            `ceiling`, `representations`, `alignment`; the reference says what their columns mean.
        given: what was compared.
        measures: by which.
        settings: their parameters.
        said: judgements that they were held against.
    """

    tables: Mapping[str, pd.DataFrame]
    given: Aligned
    measures: tuple[Measure, ...]
    settings: Settings = USUAL_SETTINGS
    said: tuple[Representation, ...] = ()

    @property
    def pairs(self) -> pd.DataFrame:
        """One row a measure and pair."""
        return self.tables["pairs"]

    def matrix(self, key: str) -> pd.DataFrame:
        """Return the values of a measure, first x second; NaN where a pair was not compared."""
        measure = measure_of(key, "key", self.settings)
        rows = self.pairs[self.pairs["measure"] == measure.key]
        if not len(rows):
            known = ", ".join(each.key for each in self.measures)
            raise ParameterError(f"{measure.key} was not measured; there are {known}")
        names = self.given.names
        found = pd.DataFrame(math.nan, index=names, columns=names)
        for row in rows.to_dict("records"):
            found.loc[row["first"], row["second"]] = row["value"]
            if measure.symmetric:
                found.loc[row["second"], row["first"]] = row["value"]
        if measure.best is not None:
            for name in {*rows["first"], *rows["second"]}:
                found.loc[name, name] = measure.best
        return found

    def save(self, folder: str | Path) -> None:
        """Write every table into a folder, as CSV."""
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            table.to_csv(place / f"{name}.csv", index=False)


def measure(
    representations: Mapping[str, np.ndarray] | Sequence[Representation],
    measures: str | Sequence[str] = "core", *, ids: Sequence[str] | None = None,
    primary: str = "cka", reference: str = "", describe: Sequence[str] = (), resamples: int = 200,
    permutations: int = 1000, correction: str = "maxt", items: str = "common",
    max_items: int = 5000, store: Store | None = None, labels: str = "", groups: str = "",
    k: int = 10, alpha: float = 1.0, quantiles: tuple[float, float] = (0.2, 0.8), folds: int = 5,
    identify: str = "group",
) -> Comparison:  # fmt: skip
    """Compare representations of the same items by measures, with inference over the items.

    Args:
        representations: name -> items x dimensions, or items x repeats x dimensions, of the same
            items in the same order; or records from `hybridrep.sources.vectors.manifest.load`,
            which are matched by their ids. Measures that need no repeats take their mean.
        measures: `core`, `all`, or keys of `MEASURES`.
        ids: of the items of arrays; without, their numbers.
        primary: the measure that is tested uncorrected.
        reference: one that all others are scored against; empty: all pairs.
        describe: measures of each representation alone.
        resamples: halves of the items for intervals; 0: none.
        permutations: random pairings for p values; 0: none.
        correction: over all other tests: `maxt`, `holm`, `bh` or `none`.
        items: as the entry point takes it.
        max_items: likewise.
        store: where finished measures are kept; None: nowhere.
        labels: column of the items that holds their classes.
        groups: column of the items: those of one value stay together.
        k: nearest neighbours.
        alpha: of `shape_angle`.
        quantiles: of `trsa`.
        folds: parts of the items that are held out in turn.
        identify: `group`, or `none`.

    Raises:
        HybridrepError: saying what does not fit.
    """
    if isinstance(representations, Mapping):
        given = [_record(name, each, ids) for name, each in representations.items()]
    else:
        given = list(representations)
    asked = asked_for(
        given, [measures] if isinstance(measures, str) else list(measures), primary=primary,
        reference=reference, describe=describe, items=items, max_items=max_items, labels=labels,
        groups=groups, k=k, alpha=alpha, quantiles=quantiles, folds=folds,
    )  # fmt: skip
    return compared(asked, resamples, permutations, correction, store, identify)


@single_thread()
def compared(
    asked: Asked, resamples: int, permutations: int, correction: str = "maxt",
    store: Store | None = None, identify: str = "group",
) -> Comparison:  # fmt: skip
    """Measure what is asked for, on one thread: numbers do not depend on a machine's cores.

    The arguments are those of `measure`.
    """
    given, settings, reference = asked.given, asked.settings, asked.reference
    found = [
        measured(
            given, each, pairs_with_repeats(given, each, reference), resamples, permutations,
            store, settings,
        )
        for each in asked.measures
    ]  # fmt: skip
    tables: dict[str, list[dict[str, Any]]] = {
        "pairs": _pairs(given, found, asked.primary, correction, permutations),
        "differences": _differences(found, reference),
        "describe": _described(given, asked.describes, resamples, settings),
        "judgements": judged(given, asked.said, 5 * resamples),
        "identification": [],
        "ceiling": ceilings(given, asked.measures),
        "representations": _representations(given, asked.said),
        "alignment": _alignment(given),
    }
    made = {name: make_table(name, SCHEMAS[name], rows) for name, rows in tables.items()}
    whole = Comparison(made, given, asked.measures, settings, asked.said)
    if identify == "none" or reference:
        return whole
    matrices = {each.key: (each, whole.matrix(each.key)) for each in asked.measures}
    told = identified(given, matrices, resamples, permutations)
    made["identification"] = make_table("identification", SCHEMAS["identification"], told)
    return whole


def _record(name: str, values: np.ndarray, ids: Sequence[str] | None) -> Representation:
    array = np.asarray(values)
    checked_name(name, "representations")
    found = Representation(name, "vectors", np.empty((0, 0)), (), "an array", group=name)
    if array.ndim == 3:
        found = of_repeats(found, array, name)
    else:
        found = replace(found, values=checked_vectors(array, name))
    own = tuple(map(str, range(found.size) if ids is None else ids))
    if len(own) != found.size:
        raise ParameterError(f"{name}: there are {len(own)} ids for {found.size} items")
    return replace(found, ids=own)


def _pairs(
    given: Aligned, found: Sequence[Measured], primary: str, correction: str, permutations: int
) -> list[dict[str, Any]]:
    seeds = {one.name: one.seed for one in given.representations}
    rows: list[dict[str, Any]] = []
    tests = []  # of each measure with permutations: the rows that they are of
    for each in found:
        start = len(rows)
        permuted = None
        if len(each.null):
            values = np.array([score.value for score in each.scores])
            permuted = Permuted(values, each.null, (each.alternative,) * len(values))
            tests.append((range(start, start + len(values)), permuted, each.measure.key == primary))
        for index, (first, second) in enumerate(each.pairs):
            row = _row(each, index, permuted, permutations)
            sides = {"first": first, "second": second}
            rows.append(
                {**sides, "seed_first": seeds[first], "seed_second": seeds[second], **row,
                 "primary": int(each.measure.key == primary)}
            )  # fmt: skip
    _correct(rows, tests, correction)
    return rows


def _row(
    each: Measured, index: int, permuted: Permuted | None, permutations: int
) -> dict[str, Any]:
    score, measure = each.scores[index], each.measure
    low = high = se = math.nan
    notes = []
    if each.resampled is not None:
        interval = each.resampled.interval(index, measure.low, measure.high)
        low, high, se = interval.low, interval.high, float(each.resampled.se[index])
        notes.append(interval.note)
    chance, z, p = score.chance, score.z, math.nan
    if permuted is not None:
        p = float(permuted.p[index])
        chance = chance if math.isfinite(chance) else float(permuted.chance[index])
        z = z if math.isfinite(z) else float(permuted.z[index])
    elif permutations:
        notes.append("fitted, so that no permutation is tried: chance is at most 0")
    best = math.nan if measure.best is None else measure.best
    span = best - chance
    return {
        "measure": measure.key, "n": score.n, "value": score.value, "chance": chance,
        "adjusted": (score.value - chance) / span if span else math.nan, "z": z, "se": se,
        "low": low, "high": high, "p": p, "p_corrected": math.nan, "correction": "none",
        "higher_means": measure.higher_means, "note": noted(score, *notes).note,
    }  # fmt: skip


def _correct(
    rows: list[dict[str, Any]], tests: Sequence[tuple[range, Permuted, bool]], correction: str
) -> None:
    """Correct all tests but the primary's together, in place."""
    others = [(where, permuted) for where, permuted, primary in tests if not primary]
    for where, _, primary in tests:
        if primary:
            for at in where:
                rows[at] |= {"p_corrected": rows[at]["p"], "correction": "primary"}
    if correction == "none" or not others:
        return
    together = Permuted(
        np.concatenate([permuted.values for _, permuted in others]),
        np.hstack([permuted.null for _, permuted in others]),
        tuple(kind for _, permuted in others for kind in permuted.alternatives),
    )
    corrected = correct(together, correction)  # type: ignore[arg-type]
    places = [at for where, _ in others for at in where]
    for at, p in zip(places, corrected, strict=True):
        rows[at] |= {"p_corrected": float(p), "correction": correction}


def _differences(found: Sequence[Measured], reference: str) -> list[dict[str, Any]]:
    """Return whose value with the reference is higher, of all pairs of the others."""
    rows: list[dict[str, Any]] = []
    for each in found:
        if not reference or each.resampled is None:
            continue
        scored = [at for at, pair in enumerate(each.pairs) if pair[1] == reference]
        own = []
        for one, other in combinations(scored, 2):
            apart = difference(each.resampled, one, other)
            own.append(
                {
                    "measure": each.measure.key, "reference": reference,
                    "first": each.pairs[one][0], "second": each.pairs[other][0],
                    "difference": apart.difference, "low": apart.low, "high": apart.high,
                    "p": apart.p,
                }
            )  # fmt: skip
        corrected = holm(np.array([row["p"] for row in own], dtype=np.float64))
        rows += [{**row, "p_corrected": p} for row, p in zip(own, corrected, strict=True)]
    return rows


def _described(
    given: Aligned, measures: Sequence[Measure], resamples: int, settings: Settings
) -> list[dict[str, Any]]:
    """Return measures of every representation of vectors alone."""
    rows = []
    for one in measures:
        for each in (each for each in given.representations if each.kind == "vectors"):
            rows.append(_described_one(one, each, resamples, settings))
    return rows


def _described_one(
    one: Measure, each: Representation, resamples: int, settings: Settings
) -> dict[str, Any]:
    def computed(rows: np.ndarray) -> Score:
        if "labels" not in one.needs:
            return _score(one.compute(each.values[rows]))
        assert settings.labels is not None
        return _score(one.compute(each.values[rows], settings.labels[rows]))

    score = computed(np.arange(each.size))
    low = high = se = math.nan
    note = ""
    if resamples and one.resampling.startswith("half samples"):
        rng = generator(0, "measure", "resamples", simulation=SIMULATION)
        classes = settings.labels if one.resampling == "half samples in class" else None
        found: Resampled = half_samples(
            lambda rows: computed(rows).value, each.size, resamples, rng=rng, classes=classes,
            together=None if classes is not None else settings.groups,
        )  # fmt: skip
        interval = found.interval(0, one.low, one.high)
        low, high, se, note = interval.low, interval.high, float(found.se[0]), interval.note
    return {
        "measure": one.key, "representation": each.name, "n": score.n, "value": score.value,
        "se": se, "low": low, "high": high, "note": noted(score, note).note,
    }  # fmt: skip


def _score(found: Any) -> Score:
    assert isinstance(found, Score)
    return found


def _representations(given: Aligned, said: Sequence[Representation]) -> list[dict[str, Any]]:
    judgements = [
        {
            "representation": one.name, "kind": one.kind, "group": one.group, "seed": one.seed,
            "items": 0, "repeats": 0, "lost": 0, "dimensions": 0, "source": one.source,
            "sha256": one.digest, "revision": one.revision,
        }
        for one in said
    ]  # fmt: skip
    compared = [
        {
            "representation": one.name, "kind": one.kind, "group": one.group, "seed": one.seed,
            "items": one.size + given.lost[one.name], "repeats": one.repeats,
            "lost": given.lost[one.name],
            "dimensions": one.values.shape[1] if one.kind == "vectors" else 0,
            "source": one.source, "sha256": one.digest, "revision": one.revision,
        }
        for one in given.representations
    ]  # fmt: skip
    return [*compared, *judgements]


def neighbours_of(given: Aligned) -> int:
    """Return how many nearest items of an item `alignment` looks at: 10, or all but the last."""
    return min(NEIGHBOURS, len(given.ids) - 2)


def _alignment(given: Aligned) -> list[dict[str, Any]]:
    """Return item by item how many of its nearest items both sides of a pair share.

    By cosine of vectors, or by the matrix; the mean over items is `mutual_knn`.
    """
    k = neighbours_of(given)
    near = {one.name: _neighbours(one, k) for one in given.representations}
    rows = []
    for first, second in combinations(given.names, 2):
        (shared,) = shared_neighbours(near[first], near[second])
        rows += [
            {"item": item, "first": first, "second": second, "overlap": float(share)}
            for item, share in zip(given.ids, shared, strict=True)
        ]
    return rows


def _neighbours(one: Representation, k: int) -> NeighbourSide:
    """Describe who is near to whom: by vectors, or by the mean matrix of all subjects."""
    if one.kind == "vectors":
        return describe_neighbours(one.values[None], k)
    matrix = one.values.mean(axis=0)
    pairs = lower_triangle(-matrix if one.kind == "similarity" else matrix)
    return neighbours_of_pairs(pairs[None], k)
