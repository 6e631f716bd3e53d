"""The paper's comparisons by the paper's kind of test and by one that keeps to seeds, side by side.

The paper and its authors' public code compare cells, tasks or resamplings as if each were a
sample of its own (a Mann-Whitney test over all of them; over resamplings a two-sample t-test).
Here what is within a seed is averaged before any test, and seeds are paired; p values are Holm's
over all comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from hybridrep.analysis.statistics import holm
from hybridrep.analysis.t_tests import paired
from hybridrep.reporting.tables import report_table
from hybridrep.studies.nback.names import ALL_VALUES, ARCHITECTURES
from hybridrep.studies.nback.results.decoding import (
    CELLS,
    WHOLE,
    cells_across,
    feature_values,
    strict_mean,
)
from hybridrep.studies.nback.results.geometry import PERCEPTUAL, STEP, steps
from hybridrep.studies.nback.results.performance import with_names
from hybridrep.studies.nback.results.tables import NBackTables

COLUMNS = (
    "comparison", "network", "first", "second", "paper_test", "paper_units", "paper_p", "seeds",
    "difference", "low", "high", "p", "holm_p", "effect_size", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Two sides of one network, each as all that the paper counts as samples.

    Attributes:
        first: columns `seed` and `score`; `second`: likewise.
        paper_test: what the paper does with them.
    """

    name: str
    network: str
    first: pd.DataFrame
    second: pd.DataFrame
    paper_test: Literal["Mann-Whitney", "two-sample t"] = "Mann-Whitney"


def decoding_comparisons(tables: NBackTables) -> Iterator[Comparison]:
    """Yield the comparisons of decoding, of networks of all tasks at their main sizes."""
    own = tables.decoding
    own = own[
        (own["space"] == "h") & (own["diet"] == WHOLE) & (own["value"] == ALL_VALUES)
    ]  # fmt: skip
    if not len(own):
        return
    cells = with_names(cells_across(own, feature_values(tables)), tables)
    encoded = with_names(
        own[(own["set"] == "independent") & (own["feature"] == own["decoded"])], tables
    )
    crossed = tables.cross_task
    crossed = with_names(
        crossed[
            (crossed["diet"] == WHOLE) & (crossed["set"] == "independent") & (crossed["time"] == 1)
            & (crossed["space"] == "h") & (crossed["centring"] == "own")
            & (crossed["decoded"] == crossed["fitted_feature"])
        ], tables,
    )  # fmt: skip
    for name in (n for n in ARCHITECTURES if (cells["name"] == n).any()):
        mine = cells[cells["name"] == name]
        for which in ("paper", "independent"):
            scores = mine.rename(columns={which: "score"})
            yield Comparison(
                f"executive against other later frames, {which} trials", name,
                scores[CELLS["executive"](scores)], scores[CELLS["non_executive"](scores)],
            )  # fmt: skip
        at = encoded[encoded["name"] == name]
        yield Comparison(
            "decoders of a frame on that frame against other frames", name,
            at[(at["measure"] == "balanced") & (at["stimulus"] == at["time"])],
            at[at["measure"] == "current"],
        )  # fmt: skip
        on = crossed[crossed["name"] == name]
        alike = on["tested_feature"] == on["fitted_feature"]
        yield Comparison(
            "decoders on their own task against tasks of another feature", name,
            on[alike & (on["tested_n"] == on["fitted_n"])], on[~alike],
        )  # fmt: skip


def geometry_comparisons(tables: NBackTables) -> Iterator[Comparison]:
    """Yield those of the geometry: how orthogonal both spaces are (3b), and turned decoders (4g).

    The index is of the whole spaces; what is said of noise (`corrected`) stands beside it.
    """
    if len(tables.orthogonality):
        rows = tables.orthogonality
        rows = rows[(rows["feature"] == rows["other"]) & (rows["dimensions"] == 0)]
        seen = rows[rows["space"] == PERCEPTUAL]
        encoded = with_names(rows[(rows["space"] != PERCEPTUAL) & (rows["diet"] == WHOLE)], tables)
        for name in (n for n in ARCHITECTURES if (encoded["name"] == n).any()):
            for measure, said in (("index", "orthogonalisation"), ("corrected", "less its noise")):
                yield Comparison(
                    f"perceptual against encoding space, {said}", name,
                    seen[seen["measure"] == measure],
                    encoded[(encoded["name"] == name) & (encoded["measure"] == measure)],
                    "two-sample t",
                )  # fmt: skip
    if len(tables.rotations):
        turned = steps(tables)
        for name in (n for n in ARCHITECTURES if (turned["name"] == n).any()):
            mine = turned[turned["name"] == name]
            for other, said in _TURNED.items():
                both = mine.dropna(subset=["reconstructed", other])  # the same steps on both sides
                first, second = (
                    both[[*STEP, each]].rename(columns={each: "score"})
                    for each in ("reconstructed", other)
                )
                yield Comparison(
                    f"decoders turned by their own rotation against {said}", name, first, second
                )


_TURNED = {
    "permuted": "one with values exchanged", "swap_stimulus": "that of the next stimulus",
    "swap_time": "that of the next step", "joint": "one rotation of all steps",
}  # fmt: skip
"""What decoders are turned by instead, and how the table says it."""

COMPARISONS: tuple[Callable[[NBackTables], Iterator[Comparison]], ...] = (
    decoding_comparisons, geometry_comparisons,
)  # fmt: skip
"""What each part of the study compares."""


@report_table(
    "statistics",
    "the paper's comparisons: Mann-Whitney over cells as in its public code (over resamplings a "
    "two-sample t-test), with the number of units that it takes for independent, beside seeds "
    "paired (t, Holm over all, Cohen's d of the differences, 95% interval)",
    COLUMNS,
)
def statistics_table(tables: NBackTables) -> pd.DataFrame:
    """Test every comparison both ways."""
    found = [each for part in COMPARISONS for each in part(tables)] if tables.seeds else []
    rows = [_tested(each) for each in found]
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "holm_p"])
    table["holm_p"] = holm(table["p"].to_numpy(np.float64)) if len(table) else []
    return table[list(COLUMNS)]


def _tested(each: Comparison) -> dict[str, object]:
    from scipy import stats

    one, other = (side["score"].dropna().to_numpy(np.float64) for side in (each.first, each.second))
    paper_p = float("nan")
    if len(one) and len(other):
        test_of = stats.ttest_ind if each.paper_test == "two-sample t" else stats.mannwhitneyu
        paper_p = float(test_of(one, other).pvalue)
    means = [side.groupby("seed")["score"].agg(strict_mean) for side in (each.first, each.second)]
    both = pd.concat(means, axis=1, join="inner").dropna()
    first, second = (both.iloc[:, place].to_numpy(np.float64) for place in (0, 1))
    test = paired(first, second)
    spread = float(np.std(first - second, ddof=1)) if len(first) > 1 else 0.0
    return {
        "comparison": each.name, "network": each.network,
        "first": float(first.mean()) if len(first) else float("nan"),
        "second": float(second.mean()) if len(second) else float("nan"),
        "paper_test": each.paper_test, "paper_units": len(one) + len(other), "paper_p": paper_p,
        "seeds": len(first), "difference": test.difference, "low": test.low, "high": test.high,
        "p": test.p, "effect_size": test.difference / spread if spread else float("nan"),
        "note": test.note,
    }  # fmt: skip
