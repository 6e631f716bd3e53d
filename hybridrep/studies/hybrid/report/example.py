"""The one seed that figures of single simulations show, and the sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass

from hybridrep.reporting.formatting import counted, number
from hybridrep.studies.hybrid.names import DIRECTIONS, readable
from hybridrep.studies.hybrid.results.representative import Representative, representative_seed
from hybridrep.studies.hybrid.results.tables import StudyTables


@dataclass(frozen=True)
class ExampleSeed:
    """The most typical seed of a study, and why it is, in a sentence for captions."""

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
    if chosen.seeds == 1:
        return ExampleSeed(chosen.seed, f"Seed {chosen.seed} is the only complete seed.")
    return ExampleSeed(chosen.seed, f"Seed {chosen.seed}: {_reason(chosen)}.")


def _reason(chosen: Representative) -> str:
    everyone = counted(chosen.seeds, "complete seed")
    if not chosen.results:
        return f"the first of {everyone}, which have no results to choose by"
    if not chosen.varying:
        return f"the first of {everyone}, whose results do not vary"
    mean = f"their mean over {everyone}"
    farthest = f"{number(chosen.largest_z, 2)} SD ({_named(chosen.farthest)})"
    if chosen.within:
        return (
            f"all its {chosen.results} results lie within 1 SD of {mean}, as the paper asks of its "
            f"figures; the farthest by {farthest}"
        )
    return (
        f"{chosen.inside} of its {chosen.results} results lie within 1 SD of {mean}, the farthest "
        f"{farthest} away; no seed has all of them within 1 SD, and this one comes closest"
    )


def _named(result: tuple[str, ...]) -> str:
    """Return a result as people read it, e.g. "test loss of BERT"."""
    first, second = result
    if first in DIRECTIONS:
        return f"r of {readable(second)}, {readable(first)}"
    return f"{readable(first)} of {readable(second)}"
