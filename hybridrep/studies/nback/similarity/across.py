"""Networks of all seeds compared item by item: which measure tells architectures and diets apart?

On the trials that all networks share, frame by frame, told the same task. For every measure there
is the matrix of its values between all networks, what it is between kinds of network, and for every
question (`similarity.questions`) how often a network is nearest to its own kind in other seeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from hybridrep.analysis.record import Measure
from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.studies.nback.inputs import NBack
from hybridrep.studies.nback.memory.networks import recipes
from hybridrep.studies.nback.names import SIMULATION, task_named, tasks_of
from hybridrep.studies.nback.similarity import within
from hybridrep.studies.nback.similarity.items import other_order
from hybridrep.studies.nback.similarity.questions import Kind, Question, questions

STAGE = Stage("nback_across", module=__name__, noun="comparisons", entry="nback_report",
              title="compare seeds by")  # fmt: skip

RESAMPLES = 499
"""Permutations of the groups' names within seeds, and resamples of the seeds."""

MOST_SEEDS = {"procrustes": 5}
"""Measure -> seeds that it is asked of at the most, where a pair takes milliseconds; else:"""

USUAL_SEEDS = 25

Sides = dict[tuple[int, int], Any]
"""(Number of the seed, number of the kind) -> its states at all frames, described."""


def kinds_of(study: NBack) -> tuple[Kind, ...]:
    """Return the networks that every seed of a study has."""
    return tuple(Kind(r.name, r.architecture, r.diet) for r in recipes(study.config))


def nodes(study: NBack, seeds: Sequence[int]) -> list[Node]:
    """Declare the comparisons of some seeds, one a measure; none of fewer than two."""
    if len(seeds) < 2:
        return []
    kinds, n_back = kinds_of(study), tuple(study.config.n_back)
    found = []
    for key in within.COMPARED_BY:
        some = tuple(map(int, seeds[: MOST_SEEDS.get(key, USUAL_SEEDS)]))
        kept = [within.node(study, r, seed) for seed in some for r in recipes(study.config)]
        found.append(STAGE.node(
            make, key, kinds, n_back, some, kept=kept, name=key,
            seconds=1e-3 * len(kept) ** 2, about={"measure": key, "seeds": len(some)},
        ))  # fmt: skip
    return found


def make(
    read: Reader, key: str, kinds: tuple[Kind, ...], n_back: tuple[int, ...],
    seeds: tuple[int, ...],
) -> Made:  # fmt: skip
    """Compare networks by a measure: tables `between` and `identification`, and the matrices.

    `matrices` holds, by task's name, the measure's values [frames, networks, networks], of every
    seed its kinds in turn; NaN on the diagonal and of networks that do not know the task.
    """
    from hybridrep.analysis.measures import MEASURES

    measure = MEASURES[key]
    places = [(seed, kind) for seed in range(len(seeds)) for kind in range(len(kinds))]
    opened = map(read.store.open, read.keys["kept"])
    states = {
        place: stored.arrays("states") if "states.safetensors" in stored.files else {}
        for place, stored in zip(places, opened, strict=True)
    }
    matrices, rows = {}, []
    for task in [each.name for each in tasks_of([min(n_back)])]:
        of_task = {place: arrays[task] for place, arrays in states.items() if task in arrays}
        sides = described(measure, of_task)
        matrices[task] = values_between(measure, sides, len(kinds), len(seeds))
        rows += [
            {"n": task_named(task).n, "feature": task_named(task).feature, **row}
            for row in _between(measure, matrices[task], of_task, sides, kinds)
        ]
    told = [
        row for question in questions(kinds, n_back)
        for row in _identified(measure, question, matrices, len(kinds), len(seeds))
    ]  # fmt: skip
    return Made(
        tables={
            "between": pd.DataFrame(rows).assign(measure=key),
            "identification": pd.DataFrame(told).assign(measure=key),
        },
        arrays={"matrices": matrices},
    )


def described(measure: Measure, states: dict[tuple[int, int], np.ndarray]) -> Sides:
    """Describe the states of each network once, all frames together."""
    assert measure.describe is not None
    describe = measure.describe
    return {place: describe(each) for place, each in states.items()}


def values_between(
    measure: Measure, sides: Sides, kinds: int, seeds: int
) -> Float64[np.ndarray, "frames networks networks"]:
    """Return a symmetric measure's values between every two networks, frame by frame."""
    assert measure.compare is not None
    frames = len(next(iter(sides.values())).notes) if sides else 0
    values = np.full((frames, seeds * kinds, seeds * kinds), np.nan)
    known = list(sides)
    for place, first in enumerate(known):
        for second in known[:place]:
            a, b = (seed * kinds + kind for seed, kind in (first, second))
            found = np.array(measure.compare(sides[first], sides[second]))
            found[_undefined(sides[first]) | _undefined(sides[second])] = np.nan
            values[:, a, b] = values[:, b, a] = found
    return values


def _undefined(side: Any) -> np.ndarray:
    """Return at which frames nothing can be said of a side: its states are all the same, say."""
    return np.array([bool(note) for note in side.notes])


def _between(
    measure: Measure, values: np.ndarray, states: dict[tuple[int, int], np.ndarray], sides: Sides,
    kinds: Sequence[Kind],
) -> Iterator[dict[str, object]]:  # fmt: skip
    """Yield, of every two kinds and every frame, the mean over pairs of different seeds."""
    count = len(kinds)
    seeds = values.shape[1] // count
    for a, b in combinations_with_replacement(sorted({kind for _, kind in sides}), 2):
        chance = _chance(measure, states, sides, a, b)
        apart = np.triu_indices(seeds, 1) if a == b else np.nonzero(~np.eye(seeds, dtype=bool))
        for frame, matrix in enumerate(values):
            own = matrix[a::count, b::count][apart]
            own = own[np.isfinite(own)]
            yield {
                "first": kinds[a].place, "second": kinds[b].place, "frame": frame + 1,
                "pairs": len(own), "value": float(own.mean()) if len(own) else np.nan,
                "chance": float(chance[frame]),
            }  # fmt: skip


def _chance(
    measure: Measure, states: dict[tuple[int, int], np.ndarray], sides: Sides, a: int, b: int
) -> np.ndarray:
    """Return what unrelated items give, frame by frame, of the first two seeds."""
    assert measure.score is not None
    assert measure.compare is not None
    assert measure.describe is not None
    first, second = (0, a), (1, b)
    if measure.chance != "permutation":
        return np.array([each.chance for each in measure.score(sides[first], sides[second])])
    moved = states[second]
    order = other_order(moved.shape[1])
    found: np.ndarray = measure.compare(sides[first], measure.describe(moved[:, order]))
    return found


def _identified(
    measure: Measure, question: Question, matrices: dict[str, np.ndarray], kinds: int, seeds: int
) -> Iterator[dict[str, object]]:
    """Yield how well groups are told apart at every frame, on the mean over the tasks."""
    from hybridrep.analysis.agreement import identification

    mean = np.mean(
        [
            matrices[task][:, rows][:, :, rows]
            for task, members in zip(question.tasks, question.members, strict=True)
            for rows in [_rows(members, kinds, seeds)]
        ],
        axis=0,
    )
    groups = np.tile(np.array(question.groups), seeds)
    of_seed = np.repeat(np.arange(seeds), len(question.groups))
    for frame, matrix in enumerate(mean):
        stream = generator(0, "similarity", "identification", question.what, question.held,
                           simulation=SIMULATION)  # fmt: skip
        if not np.isfinite(matrix).any():
            continue  # states that are all the same have no similarities at any seed
        found = identification(
            -matrix if measure.best == 0 else matrix, groups, of_seed, RESAMPLES, RESAMPLES, stream
        )
        numbers = {name: value for name, value in asdict(found).items() if name != "correct"}
        yield {
            "what": question.what, "held": question.held, "told": ", ".join(question.groups),
            "tasks": ", ".join(question.tasks), "frame": frame + 1, **numbers,
        }  # fmt: skip


def _rows(members: Sequence[int], kinds: int, seeds: int) -> np.ndarray:
    """Return the rows of some kinds in a matrix of all networks, seed by seed."""
    return (np.arange(seeds)[:, None] * kinds + np.array(members)).ravel()
