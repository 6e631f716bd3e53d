"""The long tables of the study: their columns, keys and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from hybridrep.analysis.schema import Column, Schema, make_table
from hybridrep.studies.nback.decoding.network import CENTRINGS, MEASURES
from hybridrep.studies.nback.names import (
    ARCHITECTURES,
    CHECKED,
    FEATURES,
    FOLDS,
    PERCEPTUAL_SPACES,
    SPLITS,
)
from hybridrep.studies.nback.tasks.trials import ANALYSIS_SETS

_SEED = Column("int", low=0, meaning="the simulation")
_ARCHITECTURE = Column("text", ARCHITECTURES, meaning="of the recurrent layer")
_HIDDEN = Column("int", low=1, meaning="its units")
_DIET = Column("text", meaning="what it was trained on; `untrained`: nothing, a control")
_ITERATION = Column("int", low=0, meaning="batches it was trained on; 0: before training")
_ACCURACY = Column("float", low=0, high=1, meaning="share of right frames, of all (chance 1/3)")
_RESPONSE = Column(
    "float", low=0, high=1,
    meaning="share of right frames, of those with a response (match or non-match; chance 1/2)",
)  # fmt: skip
_NETWORK = {
    "seed": _SEED, "architecture": _ARCHITECTURE, "hidden": _HIDDEN, "diet": _DIET,
}  # fmt: skip
_SPACE = Column("text", ("h", "c"), meaning="`h`, what the recurrent layer gives on; `c`, a cell")
_SET = Column("text", ANALYSIS_SETS, meaning="of trials: labels of frames independent, or as paper")
_SCORE = Column(
    "float", low=0, high=1, meaning="on trials that were not fitted; NaN: no such value"
)

SCHEMAS = {
    "networks": Schema(
        {
            **_NETWORK,
            "iterations": Column("int", low=0, meaning="batches until it stopped"),
            "total": Column("int", low=1, meaning="parameters"),
            "recurrent": Column("int", low=1, meaning="parameters of the recurrent layer alone"),
        },
        key=(*_NETWORK,),
    ),
    "curves": Schema(
        {
            **_NETWORK, "iteration": _ITERATION,
            "split": Column(
                "text", CHECKED,
                meaning="images of the trials; `selection`: new view angles, for choices alone",
            ),
            "accuracy": _ACCURACY, "response_accuracy": _RESPONSE,
        },
        key=(*_NETWORK, "iteration", "split"),
    ),
    "losses": Schema(
        {
            **_NETWORK, "iteration": _ITERATION,
            "train_loss": Column(
                "float", low=0, meaning="cross-entropy, mean over the batches since the row before"
            ),
        },
        key=(*_NETWORK, "iteration"),
    ),
    "by_task": Schema(
        {
            **_NETWORK, "split": Column("text", SPLITS, meaning="images of the trials"),
            "n": Column("int", low=1, meaning="how far back the task asks"),
            "feature": Column("text", FEATURES, meaning="what the task asks about"),
            "trials": Column("int", low=0, meaning="measured on"),
            "accuracy": _ACCURACY, "response_accuracy": _RESPONSE,
        },
        key=(*_NETWORK, "split", "n", "feature"),
    ),
    "perceptual": Schema(
        {
            "space": Column(
                "text", PERCEPTUAL_SPACES,
                meaning="what is decoded: the vision model's maps, or the patch's mean colour",
            ),
            "folds": Column(
                "text", FOLDS, meaning="how the training frames are halved: at random, or by view"
            ),
            "feature": Column("text", FEATURES, meaning="what is read"),
            "multiclass": Column(
                "float", low=0, high=1, meaning="share of right answers of all decoders together"
            ),
            "balanced": Column(
                "float", low=0, high=1, meaning="mean balanced accuracy of one decoder a value"
            ),
            "raw": Column("float", low=0, high=1, meaning="their mean share of right answers"),
            "within_category": Column(
                "float", low=0, high=1,
                meaning="identity among those of the true category; of other features NaN",
            ),
        },
        key=("space", "folds", "feature"),
    ),
    "decoding": Schema(
        {
            **_NETWORK, "space": _SPACE, "n": Column("int", low=1, meaning="of the task"),
            "feature": Column("text", FEATURES, meaning="what the task asks about"),
            "decoded": Column("text", FEATURES, meaning="what is read"),
            "value": Column("int", low=-1, meaning="of what is read; -1: mean over its values"),
            "stimulus": Column("int", low=1, meaning="frame of the stimulus that decoders read"),
            "time": Column("int", low=1, meaning="frame of the state that they read it from"),
            "set": _SET,
            "measure": Column(
                "text", MEASURES,
                meaning="`balanced`, `raw`, `multiclass`, `within_category` (identities of the "
                "true category) of decoders fitted at this stimulus and time; balanced accuracy of "
                "those fitted at the stimulus' own frame: `across`, reading it at a later time, "
                "`current`, reading what is shown at another time",
            ),
            "score": _SCORE,
        },
        key=(*_NETWORK, "space", "n", "feature", "decoded", "value", "stimulus", "time", "set",
             "measure"),
    ),
    "cross_task": Schema(
        {
            **_NETWORK, "space": _SPACE,
            "decoded": Column("text", FEATURES, meaning="what is read of the first stimulus"),
            "fitted_n": Column("int", low=1, meaning="of the task whose trials were fitted"),
            "fitted_feature": Column("text", FEATURES, meaning="what that task asks about"),
            "tested_n": Column("int", low=1, meaning="of the task whose trials are read"),
            "tested_feature": Column("text", FEATURES, meaning="what that task asks about"),
            "time": Column("int", low=1, meaning="frame of the states"),
            "set": _SET,
            "centring": Column(
                "text", CENTRINGS,
                meaning="whose mean is taken out: the tested task's `own`, or the `fitting` task's",
            ),
            "score": _SCORE,
        },
        key=(*_NETWORK, "space", "decoded", "fitted_n", "fitted_feature", "tested_n",
             "tested_feature", "time", "set", "centring"),
    ),
}  # fmt: skip
"""Table -> its columns."""


def frame(name: str, rows: Iterable[Mapping[str, Any]] | pd.DataFrame = ()) -> pd.DataFrame:
    """Make one of the tables from rows or a table."""
    return make_table(name, SCHEMAS[name], rows)
