"""The one seed that stands for its study where only one simulation can be shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hybridrep.analysis.t_tests import varies
from hybridrep.reporting.formatting import counted, number
from hybridrep.studies.hybrid.names import DIRECTIONS, SIZED, TRANSFER_METRICS, readable
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import (
    bottleneck_sizes,
    final_transfer,
    seeds_by_status,
    used_rsa,
)


@dataclass(frozen=True)
class Representative:
    """A seed that stands for its study in figures.

    Attributes:
        seeds: how many complete seeds it was chosen from.
        results: how many results were looked at.
        varying: how many of them differ between the seeds at all.
        inside: how many lie within 1 SD of their mean over seeds, or do not vary.
        largest_z: how many SDs the most unusual one is off; NaN where nothing is comparable.
        farthest: that one: (metric, representation) or (direction, pair).
    """

    seed: int
    seeds: int
    results: int = 0
    varying: int = 0
    inside: int = 0
    largest_z: float = math.nan
    farthest: tuple[str, ...] = ()

    @property
    def within(self) -> bool:
        """Whether all its results lie within 1 SD, as the paper asks of its figures."""
        return self.largest_z <= 1

    @property
    def reason(self) -> str:
        """Why it was chosen, in a sentence for captions."""
        if self.seeds == 1:
            return f"Seed {self.seed} is the only complete seed."
        return f"Seed {self.seed}: {_reason(self)}."


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


def representative_seed(tables: StudyTables) -> Representative | None:
    """Choose the complete seed whose results lie closest to the means (section 3: within 1 SD).

    Closest by its most unusual result (new task, used models' r on test tweets) at the first size;
    of equals the lowest. Only seeds with the fewest undefined results are asked.
    """
    complete = seeds_by_status(tables, "complete")
    if not complete:
        return None
    results = _results_by_seed(tables).reindex(complete).dropna(axis="columns", how="all")
    if len(complete) == 1 or results.empty:
        return Representative(complete[0], len(complete), results.shape[1])
    vary = results.apply(lambda column: varies(column.dropna().to_numpy(dtype=np.float64)))
    z = ((results - results.mean()) / results.std(ddof=1).where(vary)).abs()
    z = z.mask(results.notna() & ~vary, 0.0)
    gaps = z.isna().sum(axis="columns")
    z = z[gaps == gaps.min()]
    worst = z.max(axis="columns")
    seed = int(worst.round(9).idxmin())  # equal up to rounding is equal: the lowest seed
    mine = z.loc[seed]
    return Representative(
        seed=seed, seeds=len(complete), results=results.shape[1], varying=int(vary.sum()),
        inside=int((mine <= 1).sum()), largest_z=float(worst[seed]),
        farthest=tuple(map(str, mine.idxmax())) if vary.any() else (),
    )  # fmt: skip


def _results_by_seed(tables: StudyTables) -> pd.DataFrame:
    """Return seeds x the results that `representative_seed` looks at."""
    size = next(iter(bottleneck_sizes(tables)), 0)
    final = final_transfer(tables)
    final = final[~final["representation"].isin(SIZED) | (final["bottleneck"] == size)]
    rsa = used_rsa(tables, "test")
    rsa = rsa[rsa["bottleneck"] == size]
    return pd.concat(
        [
            final.pivot(index="seed", columns="representation", values=list(TRANSFER_METRICS)),
            rsa.pivot(index="seed", columns=["direction", "pair"], values="value"),
        ],
        axis=1,
    )
