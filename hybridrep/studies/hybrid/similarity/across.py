"""Seeds compared item by item, on the tweets that all of them share.

Which measure tells the kinds of representation apart, seed after seed? How well do the seeds agree
on every two tweets, and is a tweet of one found again among those of another? How far apart do
seeds and epochs lie? Each answer is a result of its own; all are of the models at half of the
epochs and of the first bottleneck size, but for the map, which has the other epochs, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from hybridrep.analysis.record import Measure
from hybridrep.execution.stored import StoredResult
from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.similarity import measured, representations
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.studies.hybrid.transformation.tracked import half_of

STAGE = Stage("across", module=__name__, noun="comparisons", entry="report")
RESAMPLES = 999
"""Permutations of the kinds' names within seeds, and resamples of the seeds."""

MOST_SEEDS = {"ridge_r2": 3, "procrustes": 5, "shape_angle": 5}
"""Measure -> seeds that it is asked of at the most, where a pair takes milliseconds; else:"""

USUAL_SEEDS, PLAIN_SEEDS = 25, 5
"""Seeds where sides are described once; and of measures that are computed pair by pair."""

RETRIEVED = 3
"""Pairs of seeds between which tweets are looked for."""

MAPPED = 3
"""Seeds that the map of representations shows."""

CEILING, RETRIEVAL, SPACE = "ceiling", "retrieval", "space"


def nodes(study: Hybrid, seeds: Sequence[int]) -> list[Node]:
    """Declare all comparisons of some seeds: none of fewer than two, or without shared tweets."""
    asked = measured.names_of(study)
    if len(seeds) < 2 or not asked or not _has_shared(study):
        return []
    first = tuple(v for v in transformation.variants(study) if v.bottleneck == _first(study))
    kept = {seed: representations.node(study, seed) for seed in seeds}
    return [
        STAGE.node(
            make, what, first, tuple(map(int, seeds)), kept=list(kept.values()), name=what,
            seconds=10.0, about={"what": what, "seeds": len(seeds)},
        )
        for what in (*asked, CEILING, RETRIEVAL, SPACE)
    ]  # fmt: skip


def _first(study: Hybrid) -> int:
    return int(study.config.bottlenecks[0])


def _has_shared(study: Hybrid) -> bool:
    return bool(dict(study.inputs.emotion.notes)["shared_tweets"])


def make(read: Reader, what: str, variants: tuple[Variant, ...], seeds: tuple[int, ...]) -> Made:
    """Answer one question, as a table of its own.

    `identification`: one row for each measure that `what` stands for; beside it the matrix of its
    values, float64 [representations, representations]. `ceiling`, `retrieval`, `space`: of these.
    """
    kept = dict(zip(seeds, map(read.store.open, read.keys["kept"]), strict=True))
    if what == CEILING:
        return Made(tables={CEILING: _ceilings(kept, variants)})
    if what == RETRIEVAL:
        return Made(tables={RETRIEVAL: _retrieved(kept, variants)})
    if what == SPACE:
        return Made(tables={SPACE: _space(kept, variants)})
    from hybridrep.analysis.measures import measures_of_two

    rows, matrices = [], {}
    for measure in measures_of_two([what]):
        row, matrices[measure.key] = _identified(measure, kept, variants)
        rows.append(row)
    return Made(tables={"identification": pd.DataFrame(rows)}, arrays={"matrices": matrices})


Kept = dict[int, StoredResult]
"""Seed -> what is kept of it."""


def kinds_of(stored: StoredResult, variants: Sequence[Variant]) -> dict[str, np.ndarray]:
    """Return a seed's representations by kind: task-specific, and both layers of each direction.

    `global` is not among them: it is the same in every seed.
    """
    found = {"task_specific": stored.arrays("originals")["task_specific"]}
    for variant in variants:
        layers = representations.of_epoch(stored, variant, half_of(variant.epochs))
        for name, layer in zip(representations.LAYERS, layers, strict=True):
            found[f"{variant.direction}.{name}"] = layer
    return found


def most_seeds(measure: Measure) -> int:
    """Return of how many seeds a measure is asked at the most."""
    usual = USUAL_SEEDS if measure.describe is not None and measure.symmetric else PLAIN_SEEDS
    return MOST_SEEDS.get(measure.key.partition(".a")[0], usual)


def _identified(
    measure: Measure, kept: Kept, variants: Sequence[Variant]
) -> tuple[dict[str, object], np.ndarray]:
    """Ask whether a measure tells the kinds apart across seeds."""
    from hybridrep.analysis.agreement import identification

    some = dict(list(kept.items())[: most_seeds(measure)])
    arrays = {
        (kind, seed): values
        for seed, stored in some.items()
        for kind, values in kinds_of(stored, variants).items()
    }
    matrix = values_between(measure, list(arrays.values()))
    found = identification(
        -matrix if measure.best == 0 else matrix, np.array([kind for kind, _ in arrays]),
        np.array([seed for _, seed in arrays]), RESAMPLES, RESAMPLES,
        generator(0, "across", "identification"),
    )  # fmt: skip
    numbers = {name: value for name, value in asdict(found).items() if name != "correct"}
    return {"measure": measure.key, **numbers}, matrix


def values_between(measure: Measure, arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Return a measure's values between all representations; the mean of both ways of the others.

    The diagonal of what is not described is NaN.
    """
    from hybridrep.analysis.matrices import pairs_matrix

    if measure.describe is not None and measure.compare is not None and measure.symmetric:
        return pairs_matrix(measure, [measure.describe(each[None]) for each in arrays])
    count = len(arrays)
    named = {str(place): each for place, each in enumerate(arrays)}
    asked = [(a, b) for a in range(count) for b in range(count) if a != b]
    if measure.symmetric:
        asked = [(a, b) for a, b in asked if a < b]
    pairs = [(str(a), str(b)) for a, b in asked]
    values = np.full((count, count), np.nan)
    none = measured.orders_of(0, len(arrays[0]), 0)
    for (a, b), score in zip(asked, measured.scores_of(measure, named, pairs, none), strict=True):
        values[a, b] = score.value
    if measure.symmetric:
        return np.where(np.isnan(values), values.T, values)
    return (values + values.T) / 2


def _ceilings(kept: Kept, variants: Sequence[Variant]) -> pd.DataFrame:
    """Say how well the seeds agree on the similarities of every two shared tweets."""
    from hybridrep.analysis.ceilings import noise_ceiling
    from hybridrep.analysis.descriptions import lower_triangle
    from hybridrep.analysis.similarity import cosine_similarity

    of_seeds = [kinds_of(stored, variants) for stored in kept.values()]
    rows = []
    for kind in of_seeds[0]:
        profiles = np.stack([lower_triangle(cosine_similarity(each[kind])) for each in of_seeds])
        rows.append({"kind": kind, **asdict(noise_ceiling(profiles))})
    return pd.DataFrame(rows)


def _retrieved(kept: Kept, variants: Sequence[Variant]) -> pd.DataFrame:
    """Look for the tweets of seeds among those of the next ones, after the best rotation."""
    from hybridrep.analysis.agreement import seed_retrieval

    seeds = list(kept)
    pairs = [(one, seeds[(place + 1) % len(seeds)]) for place, one in enumerate(seeds)][:RETRIEVED]
    known = {seed: kinds_of(kept[seed], variants) for pair in pairs for seed in pair}
    rows = []
    for kind in known[seeds[0]]:
        scores = [seed_retrieval(known[one][kind], known[other][kind]) for one, other in pairs]
        values = np.array([score.value for score in scores])
        rows.append(
            {
                "kind": kind, "pairs": len(pairs), "items": scores[0].n,
                "reciprocal_rank": float(values.mean()),
                "sd": float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
                "chance": scores[0].chance,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _space(kept: Kept, variants: Sequence[Variant]) -> pd.DataFrame:
    """Lay seeds and epochs out in the plane by the angles between their shapes."""
    from hybridrep.analysis.projections import mds
    from hybridrep.analysis.shapes import shape_measure

    some = dict(list(kept.items())[:MAPPED])
    first = next(iter(some.values())).arrays("originals")
    places: list[tuple[int, str, int]] = [(-1, "global", 0)]
    arrays = [first["global"]]
    for seed, stored in some.items():
        places.append((seed, "task_specific", 0))
        arrays.append(stored.arrays("originals")["task_specific"])
        for variant in variants:
            for epoch in representations.epochs_of(variant):
                layers = representations.of_epoch(stored, variant, epoch)
                for name, layer in zip(representations.LAYERS, layers, strict=True):
                    places.append((seed, f"{variant.direction}.{name}", epoch))
                    arrays.append(layer)
    angles = values_between(shape_measure(), arrays)
    known = np.isfinite(np.diagonal(angles))
    layout = mds(angles[np.ix_(known, known)])
    table = pd.DataFrame([p for p, k in zip(places, known, strict=True) if k],
                         columns=["seed", "kind", "epoch"])  # fmt: skip
    return table.assign(x=layout.points[:, 0], y=layout.points[:, 1], stress=layout.stress)
