"""The one seed that figures of single simulations show, and the sentence that says why."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hybridrep.analysis.tables import StudyTables
from hybridrep.analysis.views import representative_seed
from hybridrep.reporting.reading import seeds_by_status


@dataclass(frozen=True)
class ExampleSeed:
    """The most typical seed of a study, and why it is.

    Attributes:
        seed: its number.
        reason: one sentence for captions.
    """

    seed: int
    reason: str


def choose_example_seed(tables: StudyTables) -> ExampleSeed | None:
    """Return the seed that figures of single simulations show, and the sentence that says why.

    The paper shows "models with metrics falling within the range of ± 1 standard deviation";
    `representative_seed` finds the complete seed that comes closest. None when there is none.
    """
    chosen = representative_seed(tables)
    if chosen is None:
        return None
    seeds = len(seeds_by_status(tables, "complete"))
    if seeds == 1:
        return ExampleSeed(chosen.seed, f"Seed {chosen.seed} is the only complete seed.")
    if not math.isfinite(chosen.largest_z):
        reason = f"Seed {chosen.seed}: the results do not vary over the {seeds} seeds."
    elif chosen.within:
        reason = (
            f"Seed {chosen.seed}: all its results lie within 1 SD of the mean over {seeds} seeds "
            f"(at most {chosen.largest_z:.2f} SD)."
        )
    else:
        reason = (
            f"Seed {chosen.seed}: its results lie closest to the mean over {seeds} seeds (at most "
            f"{chosen.largest_z:.2f} SD away; no seed is within 1 SD in everything)."
        )
    return ExampleSeed(chosen.seed, reason)
