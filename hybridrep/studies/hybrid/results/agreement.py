"""Do the measures agree, which of them may be believed, and how well do the seeds agree?

What one seed holds is read off the study's tables; what compares seeds item by item is read from
the store (`similarity.across`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.tables import report_table
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import PAIRS
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.similarity import across

SUMMARY_COLUMNS = (
    *("direction", "bottleneck", "pair", "measure", "item_set", "n", "mean", "sd", "low", "high"),
    "chance",
)
AGREEMENT_COLUMNS = ("first", "second", "rho", "low", "high", "n", "pairs")
IDENTIFICATION_COLUMNS = (
    *("measure", "accuracy", "low", "high", "chance", "p", "auc", "d_prime", "groups", "seeds"),
    "note",
)
CEILING_COLUMNS = ("kind", "lower", "upper", "p", "seeds", "note")
RETRIEVAL_COLUMNS = ("kind", "reciprocal_rank", "sd", "chance", "items", "pairs")
SPACE_COLUMNS = ("seed", "kind", "epoch", "x", "y", "stress")


@report_table(
    "measures",
    "what every measure says of every pair at half of the epochs, over seeds, beside chance",
    SUMMARY_COLUMNS,
)
def measures_summary(tables: StudyTables) -> pd.DataFrame:
    """Return mean, SD and Student's 95% interval over seeds, and the mean of what chance gives."""
    used = tables.measures[tables.measures["epoch"] == tables.half_epoch]
    keys = ["direction", "bottleneck", "pair", "measure", "item_set"]
    rows = []
    for key, group in used.groupby(keys, sort=False):
        values = group["value"].dropna().to_numpy(dtype=float)
        test = one_sample(values)
        mean = float(values.mean()) if len(values) else float("nan")
        sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
        rows.append((*key, len(values), mean, sd, test.low, test.high, group["chance"].mean()))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


@report_table(
    "measures_agreement",
    "do the measures agree: Spearman's rho of two over all pairs of a seed's representations, at "
    "half of the epochs, mean and 95% interval over seeds",
    AGREEMENT_COLUMNS,
)
def measures_agreement(tables: StudyTables) -> pd.DataFrame:
    """Return how alike every two measures order a seed's pairs; distances are turned around.

    A pair counts once however many directions hold it, as input and target do in both.
    """
    from scipy.stats import spearmanr

    from hybridrep.analysis.measures import MEASURES

    used = tables.measures[tables.measures["epoch"] == tables.half_epoch]
    used = used[used["pair"].isin(PAIRS)]
    place = used[["direction", "bottleneck"]]
    first_place = (place == place.iloc[0]).all(axis=1) if len(place) else place.any(axis=1)
    used = used[(used["pair"] != PAIRS[0]) | first_place]
    wide = used.pivot_table(
        index=["seed", "direction", "bottleneck", "pair"], columns="measure", values="value"
    )
    names = [name for name in dict.fromkeys(used["measure"]) if name in wide]
    turned = wide * [-1 if MEASURES[name].best == 0 else 1 for name in wide.columns]
    rows = []
    for first, second in combinations(names, 2):
        found, count = [], 0
        for _, mine in turned.groupby(level="seed"):
            both = mine[[first, second]].dropna()
            count = max(count, len(both))
            if len(both) > 2 and (both.nunique() > 1).all():
                found.append(float(spearmanr(both[first], both[second]).statistic))
        values = np.array(found, dtype=np.float64)
        test = one_sample(values)
        rho = float(values.mean()) if len(values) else float("nan")
        rows.append((first, second, rho, test.low, test.high, len(values), count))
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


@report_table(
    "identification",
    "which measure tells the kinds of representation apart, seed after seed, on the shared tweets: "
    "share of representations nearest to their own kind in other seeds (95% interval over seeds; p "
    "by permutation of the kinds within seeds), and AUC and d' of pairs within and between kinds",
    IDENTIFICATION_COLUMNS,
)
def identification_table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rank the measures by accuracy; equal ones by AUC."""
    table = pd.concat(parts, ignore_index=True)[list(IDENTIFICATION_COLUMNS)]
    ranked = table.sort_values(["accuracy", "auc"], ascending=False, kind="stable")
    return ranked.drop_duplicates("measure").reset_index(drop=True)


@report_table(
    "ceiling",
    "how well the seeds agree on the similarities of every two shared tweets: bounds of the best r "
    "that is possible with a seed's similarities (Nili et al. 2014), and p of no agreement",
    CEILING_COLUMNS,
)
def ceiling_table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the noise ceiling of every kind of representation."""
    return pd.concat(parts, ignore_index=True)[list(CEILING_COLUMNS)]


@report_table(
    "retrieval",
    "is a tweet of one seed found among those of another: mean reciprocal rank after the best "
    "rotation, fitted on other tweets, mean and SD over pairs of seeds",
    RETRIEVAL_COLUMNS,
)
def retrieval_table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the retrieval of every kind of representation."""
    return pd.concat(parts, ignore_index=True)[list(RETRIEVAL_COLUMNS)]


@report_table(
    "space",
    "the map of representations over seeds and epochs, by metric scaling of the angles between "
    "their shapes; seed -1: the encoder's, which all share; stress: Kruskal's stress-1 of it all",
    SPACE_COLUMNS,
)
def space_table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the places of all representations in the map."""
    return pd.concat(parts, ignore_index=True)[list(SPACE_COLUMNS)]


ACROSS_TABLES = {
    "identification": (identification_table, IDENTIFICATION_COLUMNS),
    across.CEILING: (ceiling_table, CEILING_COLUMNS),
    across.RETRIEVAL: (retrieval_table, RETRIEVAL_COLUMNS),
    across.SPACE: (space_table, SPACE_COLUMNS),
}
"""What compares seeds: name -> the function that makes the table, and its columns."""


def across_tables(study: Hybrid, seeds: Sequence[int]) -> Mapping[str, pd.DataFrame]:
    """Read the finished comparisons of some seeds; nothing where there are none."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for node in across.nodes(study, seeds):
        name = node.name if node.name in ACROSS_TABLES else "identification"
        parts.setdefault(name, []).append(study.open(node).table(name))
    return {name: make(parts[name]) for name, (make, _) in ACROSS_TABLES.items() if name in parts}
