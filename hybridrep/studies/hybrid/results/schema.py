"""What the tables of a study look like: which columns, which values, what each says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from hybridrep.analysis.schema import Column, Schema, make_table
from hybridrep.studies.hybrid.fusion.methods import COMPARED, FUSED
from hybridrep.studies.hybrid.names import (
    ALL_ITEM_SETS,
    DIRECTIONS,
    FUSED_SETS,
    PAIRS,
    REVERSED_PAIRS,
    SIZED,
    TRANSFER,
    UNSIZED,
)


def _loss(meaning: str) -> Column:
    return Column("float", low=0.0, meaning=f"{meaning}; lower is better")


def _share(meaning: str) -> Column:
    return Column("float", low=0.0, high=1.0, meaning=f"{meaning}; higher is better")


def _r(meaning: str) -> Column:
    return Column("float", low=-1.0, high=1.0, meaning=f"{meaning}; higher = more alike")


_SEED = Column("int", low=0.0, meaning="the simulation")
_EPOCH = Column("int", low=1.0, meaning="epoch, from 1")
_SIZE = Column("int", low=1.0, meaning="size of the bottleneck")
_FUSED_SIZE = Column(
    "int", low=0.0, meaning="its size; 0 where the widths of both representations set it"
)
_DIRECTION = Column("text", DIRECTIONS, meaning="which autoencoder, named input first")
_SQUARED = "squared error summed over the output's dimensions, mean over tweets"
_CROSS = "cross-entropy in nats, mean over tweets"
_MET = "of the epoch's batches as they were met"


def _size_problems(table: pd.DataFrame) -> list[str]:
    """Check that exactly the representations of autoencoders have a bottleneck size."""
    sized = table["representation"].isin(SIZED)
    wrong = table[sized != (table["bottleneck"] > 0)]
    if not len(wrong):
        return []
    row = wrong.iloc[0]
    return [
        f"table 'transfer': bottleneck {row['bottleneck']} for {row['representation']!r}; it is 0 "
        f"for {', '.join(UNSIZED)} and above 0 for the others"
    ]


SCHEMAS: dict[str, Schema] = {
    "lstm": Schema(
        {
            "seed": _SEED, "epoch": _EPOCH, "train_loss": _loss(f"{_CROSS} {_MET}"),
            "validation_loss": _loss(f"{_CROSS} of the validation split"),
            "validation_accuracy": _share("share of validation tweets whose emotion is found"),
            "test_accuracy": _share("share of test tweets whose emotion is found"),
        },
        key=("seed", "epoch"),
    ),
    "autoencoder": Schema(
        {
            "seed": _SEED, "direction": _DIRECTION, "bottleneck": _SIZE, "epoch": _EPOCH,
            "train_loss": _loss(f"{_SQUARED} {_MET}"),
            "test_loss": _loss(f"{_SQUARED} of the autoencoder's test tweets"),
        },
        key=("seed", "direction", "bottleneck", "epoch"),
    ),
    "linear_baseline": Schema(
        {
            "seed": _SEED,
            "direction": _DIRECTION,
            "penalty": Column(
                "float", low=0.0, meaning="ridge penalty, chosen on the validation tweets"
            ),
            "test_loss": _loss("as the autoencoder's test loss, of ridge regression"),
            "mean_loss": _loss("the same, of predicting the training mean for every tweet"),
            **{
                f"reconstructed_vs_target_{items}": _r(
                    f"r of ridge regression's predictions and the target on `{items}` tweets"
                )
                for items in ALL_ITEM_SETS
            },
        },
        key=("seed", "direction"),
    ),
    "rsa": Schema(
        {
            "seed": _SEED,
            "item_set": Column(
                "text", ALL_ITEM_SETS,
                meaning="whose tweets: `test` the paper's, `unseen` by any model, `seen` by both, "
                "`shared` the same for every seed, `selection` those that choices are made on",
            ),
            "direction": _DIRECTION, "bottleneck": _SIZE,
            "epoch": Column("int", low=0.0, meaning="epoch; 0 is before training"),
            "pair": Column("text", PAIRS, meaning="which two representations"),
            "value": _r("Pearson r of their cosine similarity matrices' lower triangles"),
        },
        key=("seed", "item_set", "direction", "bottleneck", "epoch", "pair"),
    ),
    "measures": Schema(
        {
            "seed": _SEED,
            "item_set": Column("text", ALL_ITEM_SETS, meaning="whose tweets"),
            "direction": _DIRECTION, "bottleneck": _SIZE,
            "epoch": Column("int", low=0.0, meaning="epoch; 0 is before training"),
            "pair": Column(
                "text", (*PAIRS, *REVERSED_PAIRS),
                meaning="which two; of a measure that is not symmetric the first predicts",
            ),
            "measure": Column("text", meaning="its key in `MEASURES`"),
            "value": Column("float", meaning="what its record says; NaN: not defined"),
            "chance": Column(
                "float", meaning="mean under random pairing of tweets; NaN: not known"
            ),
        },
        key=("seed", "item_set", "direction", "bottleneck", "epoch", "pair", "measure"),
    ),
    "transfer": Schema(
        {
            "seed": _SEED,
            "representation": Column("text", TRANSFER, meaning="what the classifier was given"),
            "bottleneck": Column(
                "int", low=0.0, meaning="size of the bottleneck; 0 where there is none"
            ),
            "epoch": _EPOCH, "train_loss": _loss(f"{_CROSS} {_MET}"),
            "test_loss": _loss(f"{_CROSS} of the test split"),
            "test_accuracy": _share("share of test tweets whose class is found"),
        },
        key=("seed", "representation", "bottleneck", "epoch"), rule=_size_problems,
    ),
    "fusion": Schema(
        {
            "seed": _SEED,
            "item_set": Column(
                "text", FUSED_SETS,
                meaning="whose tweets: `test` the paper's, `unseen` by any model, `seen` by both, "
                "`selection` those that choices are made on",
            ),
            "method": Column(
                "text", COMPARED, meaning="how it was fused; the paper's bottlenecks beside them"
            ),
            "bottleneck": _FUSED_SIZE,
            "epoch": Column(
                "int", low=0.0, meaning="epoch; the last is the one reported, 0 is before training "
                "or, of what is not trained, all there is",
            ),
            "vs_global": _r("r of its similarities and the global representation's"),
            "vs_task_specific": _r("r of its similarities and the task-specific representation's"),
            "between": _r("r of both representations' similarities, on the same tweets"),
            "diffusibility": _r("the smaller of both, of which `ceiling` is the most possible"),
            "ceiling": Column(
                "float", low=0.0, high=1.0,
                meaning="the highest diffusibility that any representation of these tweets can "
                "have: sqrt((1 + between) / 2)",
            ),
            "share_of_ceiling": Column(
                "float", high=1.0, meaning="diffusibility over its ceiling; higher = more of both"
            ),
        },
        key=("seed", "item_set", "method", "bottleneck", "epoch"),
    ),
    "fused_transfer": Schema(
        {
            "seed": _SEED,
            "representation": Column("text", FUSED, meaning="what the classifier was given"),
            "bottleneck": _FUSED_SIZE, "epoch": _EPOCH,
            "train_loss": _loss(f"{_CROSS} {_MET}"),
            "test_loss": _loss(f"{_CROSS} of the test split"),
            "test_accuracy": _share("share of test tweets whose class is found"),
        },
        key=("seed", "representation", "bottleneck", "epoch"),
    ),
}  # fmt: skip
"""The tables of a study."""


def frame(name: str, rows: Iterable[Mapping[str, Any]] | pd.DataFrame = ()) -> pd.DataFrame:
    """Make a table of a study, one of `SCHEMAS`, from rows or a table; see `make_table`."""
    return make_table(name, SCHEMAS[name], rows)
