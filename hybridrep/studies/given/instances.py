"""Groups of representations made with several seeds: do they agree, are they told apart?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.agreement import identification, seed_retrieval
from hybridrep.analysis.ceilings import noise_ceiling
from hybridrep.analysis.descriptions import lower_triangle
from hybridrep.analysis.dissimilarity import DISSIMILARITIES, dissimilarities
from hybridrep.analysis.record import Measure
from hybridrep.randomness import generator
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given.aligned import SIMULATION, Aligned
from hybridrep.studies.given.comparing import MOST_FOR_MATRICES

FEWEST_GROUPS, FEWEST_SEEDS = 2, 3
"""What the identification test needs: so many groups of so many seeds each."""
COMPARED = {"pearson", "cosine", "spearman", "rho_a", "tau_a"}
"""Comparators of RSA that there is a ceiling of."""
MOST_RETRIEVED = 10
"""Pairs of seeds of a group that items are looked for between: each takes a rotation a fold."""


def instances_of(given: Aligned) -> dict[str, list[Representation]]:
    """Return the representations of every group that has more than one seed."""
    groups: dict[str, list[Representation]] = {}
    for one in given.representations:
        if one.seed >= 0:
            groups.setdefault(one.group or one.name, []).append(one)
    return {name: some for name, some in groups.items() if len(some) > 1}


def identified(
    given: Aligned, matrices: Mapping[str, tuple[Measure, pd.DataFrame]], resamples: int,
    permutations: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return how well each measure tells which group a representation is of: one row a measure.

    Nothing where there are fewer than two groups of three seeds. Measures that ask one way and the
    other are taken as the mean of both; distances with their sign turned.

    Args:
        given: representations of the same items.
        matrices: by key, a measure with its values between all representations.
        resamples: of the seeds, for intervals.
        permutations: of the groups within seeds.
    """
    rows = []
    for key, (measure, matrix) in matrices.items():
        groups = _groups_of(given, measure)
        if len(groups) < FEWEST_GROUPS:
            continue
        names = [one.name for some in groups.values() for one in some]
        group = np.array([name for name, some in groups.items() for _ in some])
        seeds = np.array([one.seed for some in groups.values() for one in some])
        values = matrix.loc[names, names].to_numpy(dtype=np.float64)
        alike = (values + values.T) / 2 * (-1 if measure.best == 0 else 1)
        rng = generator(0, "measure", "identification", simulation=SIMULATION)
        found = identification(alike, group, seeds, permutations, resamples, rng)
        rows.append(
            {
                "measure": key, "groups": found.groups, "seeds": found.seeds,
                "representations": len(names), "accuracy": found.accuracy, "chance": found.chance,
                "low": found.low, "high": found.high, "p": found.p, "auc": found.auc,
                "d_prime": found.d_prime, "note": found.note,
            }
        )  # fmt: skip
    return rows


def _groups_of(given: Aligned, measure: Measure) -> dict[str, list[Representation]]:
    """Return the groups of enough seeds that a measure can be asked of."""
    fits = {
        name: [one for one in some if "repeats" not in measure.needs or one.repeats > 1]
        for name, some in instances_of(given).items()
    }
    return {name: some for name, some in fits.items() if len(some) >= FEWEST_SEEDS}


def ceilings(given: Aligned, measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """Return how well seeds of a group, or subjects of a file, agree: bounds of the best possible.

    Of RSA, with each of its dissimilarities and comparators that were asked for; of seeds also how
    well an item is found again among another seed's (`seed_retrieval`, mean over pairs of seeds).
    """
    rows = []
    several = instances_of(given)
    subjects = [
        one for one in given.representations if one.kind != "vectors" and len(one.values) > 1
    ]
    every = len(given.ids) <= MOST_FOR_MATRICES  # of more items, all pairs fill the memory
    for measure in measures if every else ():
        family, *parts = measure.key.split(".")
        if family != "rsa" or parts[1] not in COMPARED:
            continue
        for name, some in several.items():
            vectors = all(one.kind == "vectors" for one in some)
            if "repeats" in measure.needs and any(one.repeats == 1 for one in some):
                continue
            profiles = np.stack([_profile(one, parts[0]) for one in some])
            rows.append(
                _bounds(measure.key, name, "seeds" if vectors else "files", profiles, parts[1])
            )
        for one in subjects:
            profiles = np.stack([lower_triangle(matrix) for matrix in one.values])
            rows.append(_bounds(measure.key, one.name, "subjects", profiles, parts[1]))
    for name, some in several.items():
        if all(one.kind == "vectors" for one in some):
            rows.append(_retrieved(name, some))
    return rows


def _profile(one: Representation, how: str) -> np.ndarray:
    if one.kind == "vectors":
        repeated = "repeats" in DISSIMILARITIES[how].needs
        return dissimilarities(one.measurements if repeated else one.values, how)
    sign = -1 if one.kind == "similarity" else 1
    return np.asarray(sign * lower_triangle(one.values.mean(axis=0)))


def _bounds(key: str, name: str, of: str, profiles: np.ndarray, comparator: str) -> dict[str, Any]:
    found = noise_ceiling(profiles, comparator)  # type: ignore[arg-type]
    return {
        "measure": key, "group": name, "of": of, "n": found.seeds, "lower": found.lower,
        "upper": found.upper, "p": found.p, "note": found.note,
    }  # fmt: skip


def _retrieved(name: str, some: Sequence[Representation]) -> dict[str, Any]:
    pairs = list(combinations(some, 2))[:MOST_RETRIEVED]
    scores = [seed_retrieval(first.values, second.values) for first, second in pairs]
    notes = "; ".join(dict.fromkeys(each.note for each in scores if each.note))
    finite = [each.value for each in scores if math.isfinite(each.value)]
    value = float(np.mean(finite)) if finite else math.nan
    by_chance = (
        f"mean reciprocal rank over {len(pairs)} pairs of seeds; by chance {scores[0].chance:.3f}"
    )
    return {
        "measure": "seed_retrieval", "group": name, "of": "seeds", "n": len(some), "lower": value,
        "upper": math.nan, "p": math.nan, "note": notes or by_chance,
    }  # fmt: skip
