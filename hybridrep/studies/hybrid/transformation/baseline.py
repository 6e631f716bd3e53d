"""The best linear map beside each autoencoder: ridge regression in closed form, seed by seed."""

from __future__ import annotations

import math

import pandas as pd

from hybridrep.analysis.descriptions import correlate, describe
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import ALL_ITEM_SETS, DIRECTIONS
from hybridrep.studies.hybrid.transformation.seed_data import data_nodes, seed_data
from hybridrep.transforms.ridge import linear_baseline, moments

STAGE = Stage("linear_baseline", module=__name__, entry="autoencode", title="linear baseline")


@declared_once
def node(study: Hybrid, seed: int) -> Node:
    """Declare a seed's linear baseline, both directions."""
    return STAGE.node(
        make, seed, study.inputs.config.items_per_emotion, **data_nodes(study, seed), seed=seed,
        seconds=2.0,
    )  # fmt: skip


def make(read: Reader, seed: int, per_emotion: int) -> Made:
    """Fit ridge regression in both directions on the autoencoders' split; penalty by validation."""
    data = seed_data(read, seed, per_emotion)
    train_rows, test_rows = data.rows.autoencoder_train, data.rows.autoencoder_test
    validation_rows = data.rows.lstm.validation
    forward = moments(*(side[train_rows] for side in data.sides("bert_to_lstm")))
    rows = []
    for direction in DIRECTIONS:
        inputs, targets = data.sides(direction)
        fitted = linear_baseline(
            forward if direction == "bert_to_lstm" else forward.reversed(),
            inputs[validation_rows], targets[validation_rows],
            inputs[test_rows], targets[test_rows],
        )  # fmt: skip
        correlations = {f"reconstructed_vs_target_{name}": math.nan for name in ALL_ITEM_SETS}
        correlations |= {
            f"reconstructed_vs_target_{name}": float(
                correlate(
                    describe(fitted.ridge.predict(inputs[items])[None]),
                    describe(targets[items][None]),
                )[0]
            )
            for name, items in data.rows.items.items()
        }
        rows.append(
            {
                "direction": direction, "penalty": fitted.ridge.penalty,
                "test_loss": fitted.test_loss, "mean_loss": fitted.mean_loss, **correlations,
            }
        )  # fmt: skip
    return Made(tables={"linear_baseline": pd.DataFrame(rows)})
