"""The long tables of the study: their columns, keys and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from hybridrep.analysis.schema import Column, Schema, make_table
from hybridrep.studies.nback.names import (
    ANGLES_BY_UNIT,
    ARCHITECTURES,
    CENTRINGS,
    CHECKED,
    DECODING_MEASURES,
    FEATURES,
    FOLDS,
    PERCEPTUAL_SPACES,
    RESPONSES,
    SPLITS,
    STATE_SPACES,
    ZSCORED,
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
_SPACE = Column(
    "text", STATE_SPACES,
    meaning="`h`, what the recurrent layer gives on; `c`, a cell; `z`, h with each unit by its SD",
)  # fmt: skip
_SET = Column("text", ANALYSIS_SETS, meaning="of trials: labels of frames independent, or as paper")
_SCORE = Column(
    "float", low=0, high=1, meaning="on trials that were not fitted; NaN: no such value"
)

SPACES = ("perceptual", "encoding")
ANGLES = (
    "index", "floor", "corrected", "same", "frobenius", "simplex",
    *(name + ZSCORED for name in ANGLES_BY_UNIT),
)  # fmt: skip
ROTATIONS = (
    "fitted", "reconstructed", "swap_stimulus", "swap_time", "permuted", "joint", "identity",
    "random", "overlap", "permutation_p",
)  # fmt: skip
CHANGES = ("decoder", "random", "outside", "interchange")
EFFECTS = (*RESPONSES, "success", "beyond")

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
                "text", DECODING_MEASURES,
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
    "orthogonality": Schema(
        {
            "seed": _SEED,
            "space": Column(
                "text", SPACES,
                meaning="`perceptual`, the vision model's map; `encoding`, h after one frame",
            ),
            "architecture": Column("text", ("", *ARCHITECTURES), meaning="empty: no network"),
            "hidden": Column("int", low=0, meaning="its units; 0: no network"), "diet": _DIET,
            "n": Column("int", low=0, meaning="of the task; 0: no task"),
            "feature": Column("text", FEATURES, meaning="whose values' normals are compared"),
            "other": Column(
                "text", FEATURES, meaning="with whose; another feature: angles between features"
            ),
            "dimensions": Column(
                "int", low=0, meaning="principal components that are kept; 0: all of the space"
            ),
            "resample": Column("int", low=0, meaning="number of the resampling"),
            "measure": Column(
                "text", ANGLES,
                meaning="`index` (Eq. 1) between halves, its `floor` from noise alone, `corrected` "
                "for that noise, `same` within one fit, `frobenius` (0: orthogonal), `simplex`: "
                "of equidistant values; `..._zscored`: with each unit by its own SD",
            ),
            "score": Column("float", low=0, high=1, meaning="1: orthogonal"),
        },
        key=("seed", "space", "architecture", "hidden", "diet", "n", "feature", "other",
             "dimensions", "resample", "measure"),
    ),
    "rotations": Schema(
        {
            **_NETWORK, "space": _SPACE, "set": _SET,
            "n": Column("int", low=1, meaning="of the task"),
            "feature": Column("text", FEATURES, meaning="what the task asks about and is read"),
            "stimulus": Column("int", low=1, meaning="frame of the stimulus"),
            "time": Column("int", low=2, meaning="frame that decoders are turned to, from before"),
            "measure": Column(
                "text", ROTATIONS,
                meaning="balanced accuracy of decoders that were `fitted`, `reconstructed` by "
                "the rotation of this step, with that of the next stimulus (`swap_stimulus`) or "
                "the next step (`swap_time`), one for all steps of other stimuli (`joint`), values "
                "exchanged (`permuted`), not turned (`identity`), turned at `random`; `overlap` of "
                "both spans; `permutation_p` of the fit",
            ),
            "score": _SCORE,
        },
        key=(*_NETWORK, "space", "set", "n", "feature", "stimulus", "time", "measure"),
    ),
    "causal": Schema(
        {
            **_NETWORK, "state": Column("text", ("h", "c", "hc"), meaning="what is changed"),
            "n": Column("int", low=1, meaning="of the task"),
            "feature": Column("text", FEATURES, meaning="what the task asks about"),
            "direction": Column(
                "text", CHANGES,
                meaning="along the `decoder`'s normal, a `random` direction, one `outside` the "
                "span of all normals; `interchange`: that span's part of another trial",
            ),
            "other": Column("text", FEATURES, meaning="the feature that is changed"),
            "alpha": Column("float", low=0, meaning="how far, in gaps between both values"),
            "measure": Column(
                "text", EFFECTS,
                meaning="mean probabilities of the responses; `success`: share answered with "
                "non_match; `beyond`: share of states longer than 99% of the unchanged",
            ),
            "score": _SCORE,
        },
        key=(*_NETWORK, "state", "n", "feature", "direction", "other", "alpha", "measure"),
    ),
    "similarities": Schema(
        {
            **_NETWORK, "n": Column("int", low=1, meaning="of the task that it is told"),
            "feature": Column("text", FEATURES, meaning="what that task asks about"),
            "first": Column(
                "int", low=0,
                meaning="frame of one state; 0: the vision model's map of the first frame instead",
            ),
            "second": Column("int", low=1, meaning="frame of the state that it is compared with"),
            "measure": Column("text", meaning="key of the measure of similarity"),
            "value": Column("float", meaning="on the trials that all networks share"),
            "chance": Column("float", meaning="what unrelated items give"),
        },
        key=(*_NETWORK, "n", "feature", "first", "second", "measure"),
    ),
}  # fmt: skip
"""Table -> its columns."""


def frame(name: str, rows: Iterable[Mapping[str, Any]] | pd.DataFrame = ()) -> pd.DataFrame:
    """Make one of the tables from rows or a table."""
    return make_table(name, SCHEMAS[name], rows)
