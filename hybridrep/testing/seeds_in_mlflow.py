"""A made-up study of many seeds in MLflow, beside a sweep, a registration and another study."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hybridrep.tracking import names
from hybridrep.tracking.pages import Page, keep_views, study_pages
from hybridrep.tracking.records import Contents, RunRecord
from hybridrep.tracking.runs import Tracker

SHOWN = (
    "lstm/test_accuracy", "rsa/bert_to_lstm/b32/reconstructed_vs_target",
    "rsa/lstm_to_bert/b32/reconstructed_vs_target", "transfer/baseline/test_loss",
    "transfer/bert/test_loss", "transfer/lstm/test_loss",
    "transfer/bert_to_lstm_reconstructed/test_loss",
    "transfer/lstm_to_bert_reconstructed/test_loss",
)  # fmt: skip
OTHERS = (
    "lstm/train_loss", "transfer/bert/test_accuracy", "transfer/lstm/test_accuracy",
    "rsa/bert_to_lstm/b32/bottleneck_vs_input", "autoencoder/bert_to_lstm/b32/test_loss",
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """What was written."""

    study_key: str
    run_id: str  # of the study
    seeds: tuple[str, ...]  # the seeds' runs
    pages: tuple[Page, ...]


def write(tracker: Tracker, seeds: int) -> Written:
    """Log everything, and keep the views of the seeds."""
    other = _seed(tracker, "other", "f" * 64, 0)
    key = "a" * 64
    runs = tuple(_seed(tracker, "mine", key, seed) for seed in range(seeds))
    assert other not in runs
    _stage(tracker, "mine sweep", "sweep", "sweep/trials.json", {"trial": [0], "state": ["X"]})
    _stage(tracker, "mine register", "register", "registered.json", {"model": ["m"]})
    tracker.server.client.create_registered_model("hybridrep-bert-to-lstm")
    with tracker.main_run("study", "mine study", study="mine", study_key=key) as main:
        page = "<html><meta charset='utf-8'><h1>What the made-up study found</h1></html>"
        main.log(Contents(files={"report/report.html": page}))
        keep_views(tracker.server, key, SHOWN, OTHERS)
        pages = study_pages(tracker.server, key, main.run_id, runs)
        run_id = main.run_id
    return Written(key, run_id, runs, tuple(pages))


def _seed(tracker: Tracker, study: str, key: str, seed: int) -> str:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.3, 0.9, (len(SHOWN) + len(OTHERS), 3)).round(3)
    metrics = pd.DataFrame(
        [
            (name, value, step)
            for name, row in zip((*SHOWN, *OTHERS), values, strict=True)
            for step, value in enumerate(row, 1)
        ],
        columns=["key", "value", "step"],
    )
    table = pd.DataFrame(
        {"representation": ["baseline", "lstm", "bert"], "test_loss": values[:3, 2]}
    )
    return tracker.log_finished(
        RunRecord(
            name=f"{study} seed {seed}", kind="seed", params={"seed": str(seed)},
            tags={names.STUDY: study, names.STUDY_KEY: key, names.CACHE_KEY: f"{seed}"},
            metrics=metrics, tables={"tables/transfer.json": table, "tables/rsa.json": table},
        )
    )  # fmt: skip


def _stage(tracker: Tracker, name: str, stage: str, path: str, table: dict[str, list]) -> None:
    tags = {names.STAGE: stage}
    with tracker.main_run("stage", name, study="mine", study_key="b" * 64, tags=tags) as main:
        main.log(Contents(tables={path: pd.DataFrame(table)}))
