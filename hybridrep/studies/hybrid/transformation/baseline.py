"""The best linear map beside each autoencoder: ridge regression in closed form, seed by seed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from hybridrep.analysis.dissimilarity import rsa_correlation
from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.studies.hybrid.global_vectors import stage as embed
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import DIRECTIONS
from hybridrep.studies.hybrid.task_specific import stage as lstm
from hybridrep.studies.hybrid.transformation.seed_data import data_key, seed_data
from hybridrep.transforms.ridge import linear_baseline, moments


@dataclass(frozen=True)
class BaselineTask:
    """One seed's linear baseline."""

    inputs: Inputs
    seed: int


def key(inputs: Inputs, store: Store, seed: int) -> str:
    """Key of a seed's linear baseline, both directions."""
    return content_key(
        {
            "stage": "linear_baseline",
            "code": code_version(__name__),
            **data_key(inputs, store, seed),
        }
    )


def tasks(inputs: Inputs, store: Store, seeds: Sequence[int]) -> list[Task]:
    """Fit the linear baselines of some seeds, each by itself."""
    return [_task(inputs, store, seed) for seed in seeds]


def _task(inputs: Inputs, store: Store, seed: int) -> Task:
    needs = [chunk.key for chunk in embed.chunks(inputs, inputs.emotion, store)]
    return Task(
        stage="linear_baseline", label=f"linear baseline seed {seed}",
        produces=(key(inputs, store, seed),),
        needs=(*needs, lstm.vectors_key(inputs, seed)),
        function=fit, payload=BaselineTask(inputs, seed), units=1, seconds=2.0,
    )  # fmt: skip


def table(inputs: Inputs, store: Store, seed: int) -> pd.DataFrame:
    """Return a seed's stored linear baseline, one row a direction."""
    return store.open(key(inputs, store, seed)).table("linear_baseline")


def stored_seeds(inputs: Inputs, store: Store) -> list[int]:
    """Return the seeds of the study whose linear baseline is stored."""
    return [seed for seed in inputs.config.seeds if store.has(key(inputs, store, seed))]


def fit(store: Store, task: BaselineTask, missing: tuple[str, ...]) -> None:
    """Fit ridge regression in both directions on the autoencoders' split; penalty by validation."""
    started = time.perf_counter()
    data = seed_data(store, task.inputs, task.seed)
    train_rows, test_rows = data.rows.autoencoder_train, data.rows.autoencoder_test
    validation_rows = data.rows.lstm.validation
    forward = moments(data.global_[train_rows], data.task_specific[train_rows])
    rows = []
    for direction in DIRECTIONS:
        inputs, targets = data.sides(direction)
        fitted = linear_baseline(
            forward if direction == "bert_to_lstm" else forward.reversed(),
            inputs[validation_rows], targets[validation_rows],
            inputs[test_rows], targets[test_rows],
        )  # fmt: skip
        correlations = {
            f"reconstructed_vs_target_{name}": rsa_correlation(
                fitted.ridge.predict(inputs[items]), targets[items]
            )
            for name, items in data.rows.items.items()
        }
        rows.append(
            {
                "direction": direction,
                "penalty": fitted.ridge.penalty,
                "test_loss": fitted.test_loss,
                "mean_loss": fitted.mean_loss,
                **correlations,
            }
        )
    for result_key in missing:
        store.write(
            result_key, stage="linear_baseline", inputs={"seed": task.seed},
            tables={"linear_baseline": pd.DataFrame(rows)},
            code=(__name__,), seconds=time.perf_counter() - started,
        )  # fmt: skip
