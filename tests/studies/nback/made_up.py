"""Made-up tables of a study, so that reports need no training."""

from __future__ import annotations

import numpy as np

from hybridrep.parameters import resolve
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.memory.networks import recipes
from hybridrep.studies.nback.memory.training import CHECKED
from hybridrep.studies.nback.names import FEATURES, FOLDS, SPLITS, tasks_in_diet
from hybridrep.studies.nback.results.schema import SCHEMAS, frame
from hybridrep.studies.nback.results.tables import SCHEMA_VERSION, NBackTables

LEVELS = {"train": 0.98, "val_angle": 0.95, "selection": 0.95, "val_identity": 0.8}


def made_up(seeds: int = 3, **given: str) -> NBackTables:
    """Return tables of the default networks; response accuracies are 0.05 below accuracies."""
    config = resolve({"seeds": seeds, "study": "made up", **given}, Config)
    rng = np.random.default_rng(0)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in SCHEMAS}
    for seed in config.seeds:
        for recipe in recipes(config):
            label = {
                "seed": seed, "architecture": recipe.architecture, "hidden": recipe.hidden,
                "diet": recipe.diet,
            }  # fmt: skip
            last = 0 if recipe.diet == "untrained" else 200
            rows["networks"].append(
                {**label, "iterations": last, "total": 100_000, "recurrent": 50_000}
            )
            for iteration in range(0, last + 1, 100):
                for split in CHECKED:
                    level = LEVELS[split] if iteration else 0.4
                    value = level + 0.01 * rng.random()
                    rows["curves"].append(
                        {**label, "iteration": iteration, "split": split, "accuracy": value,
                         "response_accuracy": value - 0.05}
                    )  # fmt: skip
                if iteration:
                    rows["losses"].append({**label, "iteration": iteration, "train_loss": 0.5})
            rows["by_task"] += [
                {**label, "split": split, "n": task.n, "feature": task.feature, "trials": 200,
                 "accuracy": 0.9, "response_accuracy": 0.85}
                for split in SPLITS
                for task in tasks_in_diet(recipe.diet, recipe.n_back)
            ]  # fmt: skip
    rows["perceptual"] = [
        {"space": space, "folds": folds, "feature": feature, "multiclass": level, "balanced": 0.9,
         "raw": 0.95, "within_category": 0.99 if feature == "identity" else float("nan")}
        for space, level in (("perceptual", 0.99), ("mean_colour", 0.3))
        for folds in FOLDS
        for feature in FEATURES
    ]  # fmt: skip
    meta = {
        "schema_version": SCHEMA_VERSION, "study": config.study, "study_key": "k" * 64,
        "config": config.model_dump(mode="json"), "seeds_wanted": list(config.seeds),
        "seeds_failed": {}, "components": {"components": 256, "explained": 0.98},
        "stimuli": {"source": "shapes", "description": "8 objects", "digest": "d" * 64,
                    "background": "plain"},
        "backbone": {"description": "a model", "fingerprint": "f" * 64},
    }  # fmt: skip
    return NBackTables(**{n: frame(n, r) for n, r in rows.items()}, meta=meta).validate()
