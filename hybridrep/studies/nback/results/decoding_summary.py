"""What was decoded as tables of the report: means over seeds, and how decoding was done."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.formatting import number
from hybridrep.reporting.tables import report_table
from hybridrep.studies.nback.names import ALL_VALUES, UNTRAINED
from hybridrep.studies.nback.results.decoding import every_number
from hybridrep.studies.nback.results.tables import NBackTables

_SCALINGS = {
    "global": "one factor a network", "zscore": "each unit by its SD",
    "both": "one factor a network; each unit by its SD beside it (numbers that end in _zscored)",
}  # fmt: skip

GOOD = 0.85
"""The accuracy below which the public code refits a decoder."""


@report_table(
    "decoding",
    "what was decoded from states, by network, diet and number (named as the metrics are): mean "
    "over seeds, 95% interval; `step`: of `retained` the age",
    ("network", "diet", "measure", "step", "n", "mean", "low", "high"),
)
def decoding_summary(tables: NBackTables) -> pd.DataFrame:
    """Return means over seeds of all numbers of decoding."""
    found = every_number(tables)
    rows = []
    keys = ["name", "diet", "measure", "step"]
    for key, mine in found.groupby(keys, sort=False)["value"]:
        values = mine.dropna().to_numpy(np.float64)
        test = one_sample(values)
        mean = float(values.mean()) if len(values) else float("nan")
        rows.append((*key, len(values), mean, test.low, test.high))
    return pd.DataFrame(
        rows, columns=["network", *keys[1:], "n", "mean", "low", "high"]
    ).astype({"step": int, "n": int})  # fmt: skip


@report_table(
    "decoding_methods",
    "how decoders were fitted and tested, beside the paper's or its public code's way",
    ("what", "here", "paper"),
)
def decoding_methods(tables: NBackTables) -> pd.DataFrame:
    """Return the choices that decide what decoders say, with what the paper does."""
    config = tables.meta["config"]
    penalties = config["penalty"]
    penalty = ", ".join(f"{each:g}" for each in penalties)
    if len(penalties) > 1:
        penalty += ", the best of each task and feature at the first frame, on other trials"
    views = {"disjoint": "other views than fitted", "shared": "the same views"}
    return pd.DataFrame(
        [
            ("trials", f"{config['analysis_trials']:,} fitted, as many tested, of each task and "
             "set; " + ("fresh ones" if not config["cv"] else f"{config['cv']} folds"),
             "10-fold cross-validation"),
            ("tested on", views[config["decode_views"]], "the images that were fitted"),
            ("trials read", config["analysed_trials"], "those that are right at every frame"),
            ("labels of frames", "independent, and as in the paper", "a match in every second "
             "frame: labels agree half of the time"),
            ("centring", "each task’s and frame’s own mean; the fitting one’s beside it",
             "by task and frame"),
            ("scaling", _SCALINGS[config["scaling"]], "each unit by its SD, anew for every "
             "decoder, so that normals of two times have different coordinates"),
            ("C", penalty, "0.001, 0.01, 1 or 10"),
            ("decoders below 0.85", _below(tables), "refitted until above"),
            ("units of inference", f"{len(tables.seeds)} seeds", "cells, tasks, resamplings"),
        ],
        columns=["what", "here", "paper"],
    )  # fmt: skip


def _below(tables: NBackTables) -> str:
    """Say how many decoders of what tasks ask about, at their own frame, are below 0.85."""
    own = tables.decoding
    own = own[
        (own["measure"] == "balanced") & (own["set"] == "independent")
        & (own["value"] == ALL_VALUES) & (own["feature"] == own["decoded"])
        & (own["stimulus"] == own["time"]) & (own["diet"] != UNTRAINED) & (own["space"] == "h")
    ]  # fmt: skip
    if not len(own):
        return "not decoded"
    share = float((own["score"] < GOOD).mean())
    return f"{number(100 * share, 1)}% of those of trained networks at their own frame, kept"


def not_fitted(tables: NBackTables) -> str:
    """Say which decoders could not be fitted or tested, a value of theirs never having occurred."""
    lost = tables.decoding[tables.decoding["score"].isna()]
    if not len(lost):
        return ""
    where = lost[["architecture", "hidden", "diet", "n", "feature", "decoded"]].drop_duplicates()
    first = where.iloc[0]
    return (
        f"{len(lost):,} scores could not be computed, because a value never occurred among the "
        f"trials: of {len(where)} networks’ tasks and features, e.g. {first['decoded']} in "
        f"{first['n']}back_{first['feature']} of {first['architecture']}-{first['hidden']} "
        f"{first['diet']}. They count as missing, and so do the means that need them; a larger "
        "analysis_trials helps."
    )
