"""Writing what a run holds, in as few calls as MLflow's limits allow."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from hybridrep.tracking.records import Contents, DataInput

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

METRICS_PER_BATCH = 1_000
NAMES_PER_BATCH = 100
"""MLflow's limits of one call: metrics, and parameters or tags."""

NAME_LENGTH = 250
TAG_LENGTH = 8_000
PARAM_LENGTH = 6_000
DIGEST_LENGTH = 36
"""Characters that MLflow's tables hold. SQLite does not mind longer ones, PostgreSQL refuses."""

Item = TypeVar("Item")


def write_contents(client: MlflowClient, run_id: str, contents: Contents) -> None:
    """Write all of it: parameters, tags, inputs, artifacts and tables, then metrics."""
    from mlflow.entities import Param, RunTag

    for params in _batches(list(contents.params.items()), NAMES_PER_BATCH):
        client.log_batch(run_id, params=[Param(k, clip(v, PARAM_LENGTH)) for k, v in params])
    for tags in _batches(list(contents.tags.items()), NAMES_PER_BATCH):
        client.log_batch(run_id, tags=[RunTag(k, clip(v, TAG_LENGTH)) for k, v in tags])
    if contents.inputs:
        client.log_inputs(run_id, datasets=[_dataset_input(data) for data in contents.inputs])
    write_artifacts(client, run_id, contents)
    if contents.tables:
        _announce_tables(client, run_id, list(contents.tables))
    write_metrics(client, run_id, contents.metrics)


def write_artifacts(client: MlflowClient, run_id: str, contents: Contents) -> None:
    """Write files and tables; what is there already under the same path is replaced."""
    if contents.files or contents.tables:
        with tempfile.TemporaryDirectory(prefix="hybridrep-") as folder:
            _stage(contents, Path(folder))
            client.log_artifacts(run_id, folder)


def lost_artifacts(
    tracking_uri: str, artifacts: str, expected: Mapping[str, int | None]
) -> list[str]:
    """Return which of a run's artifacts are gone, or are there in another size than expected."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    # The client's own `list_artifacts` reads the whole run, metrics and all, for every folder.
    repository = get_artifact_repository(artifacts, tracking_uri=tracking_uri)
    there = {
        info.path: info.file_size
        for folder in sorted({str(PurePosixPath(path).parent) for path in expected})
        for info in repository.list_artifacts(None if folder == "." else folder)
    }
    return [p for p, size in expected.items() if p not in there or size not in (None, there[p])]


def write_metrics(client: MlflowClient, run_id: str, metrics: pd.DataFrame) -> None:
    """Write a table of metric points, many a call: about a hundred times as fast as singly."""
    from mlflow.entities import Metric

    now = time.time_ns() // 1_000_000
    values = metrics["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.where(np.isfinite(values), values, np.nan)
    points = [
        Metric(str(key), float(value), now, int(step))
        for key, value, step in zip(metrics["key"], values, metrics["step"], strict=True)
    ]
    for batch in _batches(points, METRICS_PER_BATCH):
        client.log_batch(run_id, metrics=batch)


def clip(text: str, length: int) -> str:
    """Return a text of at most so many characters, with an ellipsis where it was longer.

    >>> clip("abcdef", 4)
    'abc…'
    """
    text = str(text)
    return text if len(text) <= length else text[: length - 1] + "…"


def table_json(table: pd.DataFrame) -> str:
    """Return a table as the JSON that `mlflow.log_table` writes and its UI reads."""
    return str(table.to_json(orient="split", index=False, date_format="iso"))


def _stage(contents: Contents, folder: Path) -> None:
    """Put all artifacts into one folder, linking files instead of copying where that works."""
    texts = {path: table_json(table) for path, table in contents.tables.items()}
    for path, content in {**contents.files, **texts}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            try:
                os.link(content.resolve(strict=True), target)
            except FileNotFoundError:
                raise
            except OSError:  # another disk, or a file system without links
                shutil.copyfile(content, target)
        elif isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.write_text(content, encoding="utf-8")


def _announce_tables(client: MlflowClient, run_id: str, paths: Sequence[str]) -> None:
    """Tell the UI which artifacts are tables, as `log_table` does, but once for all of them."""
    from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_ARTIFACTS

    known = json.loads(client.get_run(run_id).data.tags.get(MLFLOW_LOGGED_ARTIFACTS, "[]"))
    new = [{"path": path, "type": "table"} for path in paths]
    merged = known + [entry for entry in new if entry not in known]
    client.set_tag(run_id, MLFLOW_LOGGED_ARTIFACTS, json.dumps(merged))


def _dataset_input(data: DataInput) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

    profile: dict[str, object] = {"fingerprint": data.digest}
    if data.rows is not None:
        profile["num_rows"] = data.rows
    if data.classes:
        profile["classes"] = dict(data.classes)
    source_type, source = _source(data.source)
    dataset = Dataset(
        data.name, data.digest[:DIGEST_LENGTH], source_type, json.dumps(source),
        profile=json.dumps(profile),
    )  # fmt: skip
    tags = [InputTag(MLFLOW_DATASET_CONTEXT, data.context)] if data.context else []
    return DatasetInput(dataset, tags)


def _source(source: str) -> tuple[str, Mapping[str, str]]:
    """Return MLflow's type and description of a source, so that its UI can link to a hub's."""
    if source.startswith("hub:"):
        path, _, revision = source.removeprefix("hub:").partition("@")
        return "hugging_face", {"path": path, "revision": revision}
    return "local", {"uri": source}


def _batches(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
