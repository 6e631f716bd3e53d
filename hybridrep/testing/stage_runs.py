"""Finding the runs of sweeps and studies, and reading their values back."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running.study import Prepared
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.stage import Variant

GRID = {
    "sampler": "grid", "bottlenecks": "8,4", "autoencoder_epochs": "2-12", "study": "grid",
}  # fmt: skip


def main_run(client, study: str):
    experiment = client.get_experiment_by_name("hybridrep")
    runs = client.search_runs([experiment.experiment_id], "tags.`hybridrep.stage` = 'sweep'")
    return next(r for r in runs if r.data.tags["hybridrep.study"] == study)


def trial_runs(client, study: str) -> list:
    experiment = client.get_experiment_by_name("hybridrep-sweep")
    where = f"tags.`hybridrep.kind` = 'trial' and tags.`hybridrep.study` = '{study}'"
    return client.search_runs([experiment.experiment_id], where)


def read_table(client, each, name: str) -> pd.DataFrame:
    path = Path(client.download_artifacts(each.info.run_id, name))
    content = json.loads(path.read_text())
    return pd.DataFrame(content["data"], columns=content["columns"])


def experiments_and_runs(client) -> list[str]:
    found = client.search_experiments()
    return [r.info.run_id for e in found for r in client.search_runs([e.experiment_id])]


def trajectory(given, direction: str, bottleneck: int, seed: int) -> pd.DataFrame:
    """Correlations on the tweets that decide, as the store has them: epochs x pairs."""
    config = resolve({**given, **GRID}, SweepConfig).training()
    store = Store(Path(config.store))
    study = Prepared(prepare(config, store), store)
    node = transformation.node(study, Variant(direction, bottleneck, 12), seed)
    rsa = study.open(node).table("rsa")
    return rsa[rsa["item_set"] == "selection"].pivot(index="epoch", columns="pair", values="value")


def study_values(client, direction: str) -> pd.DataFrame:
    """Reconstructed vs target on the tweets that decide, at half of the epochs, of every seed."""
    experiment = client.get_experiment_by_name("hybridrep")
    runs = client.search_runs([experiment.experiment_id], "tags.`hybridrep.kind` = 'seed'")
    rows = []
    for each in runs:
        for size in (8, 4):
            key = f"selection/{direction}/b{size}/reconstructed_vs_target"
            history = client.get_metric_history(each.info.run_id, key)
            (value,) = [point.value for point in history if point.step == 2]
            rows.append((int(each.data.params["seed"]), size, value, each.info.run_id))
    return pd.DataFrame(rows, columns=["seed", "bottleneck", "value", "run_id"])
