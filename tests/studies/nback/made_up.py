"""Made-up tables of a study, so that reports need no training."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hybridrep.parameters import resolve
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.memory.networks import NetworkRecipe, recipes
from hybridrep.studies.nback.memory.training import CHECKED
from hybridrep.studies.nback.names import (
    CENTRINGS,
    DECODING_MEASURES,
    FEATURES,
    FOLDS,
    SPLITS,
    tasks_in_diet,
)
from hybridrep.studies.nback.results.schema import SCHEMAS, frame
from hybridrep.studies.nback.results.similarity import between_table, identification_table
from hybridrep.studies.nback.results.tables import SCHEMA_VERSION, NBackTables
from hybridrep.studies.nback.similarity.within import COMPARED_BY
from hybridrep.studies.nback.tasks.trials import ANALYSIS_SETS

LEVELS = {"train": 0.98, "val_angle": 0.95, "selection": 0.95, "val_identity": 0.8}


def made_up(seeds: int = 3, **given: str) -> NBackTables:
    """Return tables of the default networks; response accuracies are 0.05 below accuracies."""
    config = resolve({"seeds": seeds, "study": "made up", **given}, Config)
    rng = np.random.default_rng(0)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in SCHEMAS}
    read: dict[str, list[pd.DataFrame]] = {"decoding": [], "cross_task": []}
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
            for name, table in _decoded(recipe, rng).items():
                read[name].append(table.assign(**label))
        _add_geometry(rows, config, seed, rng)
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
    read["similarities"] = [_similar(recipe, seed, rng) for seed in config.seeds
                            for recipe in recipes(config)]  # fmt: skip
    found = {name: pd.concat(some, ignore_index=True) for name, some in read.items()}
    return NBackTables(
        **{n: frame(n, found.get(n, r)) for n, r in rows.items()}, meta=meta
    ).validate()  # fmt: skip


FRAMES = 4
"""Of made-up states, to be few."""


def _decoded(recipe: NetworkRecipe, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return what decoding would be: memory fades, and executive frames look like recall."""
    tasks = tasks_in_diet(recipe.diet, recipe.n_back)
    frames, places = range(1, FRAMES + 1), range(len(tasks))
    every = pd.MultiIndex.from_product(
        [places, FEATURES, frames, frames, ANALYSIS_SETS, DECODING_MEASURES],
        names=["task", "decoded", "stimulus", "time", "set", "measure"],
    ).to_frame(index=False)
    every["n"] = np.array([task.n for task in tasks])[every["task"]]
    every["feature"] = np.array([task.feature for task in tasks])[every["task"]]
    age, own = every["time"] - every["stimulus"], every["measure"]
    every = every[
        ((own == "current") & (age != 0)) | ((own == "across") & (age > 0))
        | (~own.isin(["current", "across"]) & (age >= 0))
    ]  # fmt: skip
    every = every[(every["measure"] != "within_category") | (every["decoded"] == "identity")]
    age, paper = every["time"] - every["stimulus"], every["set"] == "paper"
    level = 0.97 if recipe.diet == "mtmf" else 0.9
    score = np.where(every["measure"] == "across", 0.53, level - 0.1 * age.clip(0))
    score += 0.12 * ((every["measure"] == "across") & paper & (age == every["n"]))
    score = np.where(every["measure"] == "current", 0.93, score)
    table = every.drop(columns="task").assign(
        space="h", value=-1, score=score + 0.02 * rng.random(len(every))
    )
    if len(tasks) < 2:
        return {"decoding": table}
    pairs = pd.MultiIndex.from_product(
        [FEATURES, places, places, ANALYSIS_SETS, CENTRINGS],
        names=["decoded", "fitted", "tested", "set", "centring"],
    ).to_frame(index=False)
    for side in ("fitted", "tested"):
        pairs[f"{side}_n"] = np.array([task.n for task in tasks])[pairs[side]]
        pairs[f"{side}_feature"] = np.array([task.feature for task in tasks])[pairs[side]]
    kept = 0.94 if recipe.architecture == "rnn" else 0.8
    score = np.where(pairs["fitted_feature"] == pairs["tested_feature"], 0.96, kept)
    return {"decoding": table, "cross_task": pairs.drop(columns=["fitted", "tested"]).assign(
        space="h", time=1, score=score + 0.005 * rng.random(len(pairs))
    )}  # fmt: skip


CHANCES = dict(zip(COMPARED_BY, (0.0, 0.0, 0.0, 0.4, 0.05), strict=True))
"""What made-up measures give unrelated items."""


def _similar(recipe: NetworkRecipe, seed: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return what measures would say: states are like what is shown, less from frame to frame."""
    tasks = tasks_in_diet(recipe.diet, recipe.n_back)
    pairs = [(a, b) for a in range(FRAMES + 1) for b in range(a + 1, FRAMES + 1)]
    every = pd.MultiIndex.from_product(
        [range(len(tasks)), range(len(pairs)), COMPARED_BY], names=["task", "pair", "measure"]
    ).to_frame(index=False)
    first, second = np.array(pairs)[every["pair"]].T
    chance = every["measure"].map(CHANCES)
    value = chance + (0.6 - chance) / (second - first) + 0.01 * rng.random(len(every))
    return every.drop(columns=["task", "pair"]).assign(
        n=np.array([task.n for task in tasks])[every["task"]],
        feature=np.array([task.feature for task in tasks])[every["task"]],
        first=first, second=second, value=value, chance=chance, seed=seed,
        architecture=recipe.architecture, hidden=recipe.hidden, diet=recipe.diet,
    )  # fmt: skip


def made_up_across(seeds: int = 3) -> dict[str, pd.DataFrame]:
    """Return what would compare seeds: all measures tell architectures apart, CKA best."""
    told = [
        {"measure": key, "what": what, "held": held, "told": groups, "frame": frame,
         "tasks": "1back_location", "accuracy": 0.9 - 0.1 * place, "low": 0.7 - 0.1 * place,
         "high": 1 - 0.1 * place, "chance": 1 / 3, "p": 0.01, "auc": 0.9, "d_prime": 2.0,
         "groups": 3, "seeds": seeds, "note": ""}
        for what, held, groups in (("architecture", "mtmf", "rnn, gru, lstm"),
                                   ("diet", "gru", "mtmf, stmf, stsf"))
        for place, key in enumerate(("cka", *(k for k in COMPARED_BY if k != "cka")))
        for frame in range(1, FRAMES + 1)
    ]  # fmt: skip
    between = [
        {"n": 1, "feature": "location", "frame": 1, "first": "rnn/mtmf", "second": second,
         "measure": "cka", "pairs": pairs, "value": value, "chance": 0.0}
        for second, pairs, value in (("rnn/mtmf", 3, 0.8), ("gru/mtmf", 6, 0.6))
    ]  # fmt: skip
    return {
        "identification": identification_table([pd.DataFrame(told)]),
        "between": between_table([pd.DataFrame(between)]),
    }


ROTATED = {"fitted": 0.95, "reconstructed": 0.94, "swap_stimulus": 0.9, "swap_time": 0.5,
           "permuted": 0.93, "joint": 0.93, "identity": 0.5, "random": 0.5, "overlap": 0.2,
           "permutation_p": 0.2}  # fmt: skip
"""What made-up rotations give: no better than with values exchanged, and one serves for all."""

ANGLED = {"index": 0.8, "floor": 0.1, "corrected": 0.7, "same": 0.75, "frobenius": 0.3}


def _add_geometry(rows: dict, config: Config, seed: int, rng: np.random.Generator) -> None:
    """Add what the geometry of networks of all tasks would be."""
    kinds = {"location": 2 / 3, "identity": 6 / 7, "category": 2 / 3}
    for feature, simplex in kinds.items():
        for size in (0, 128, 256):
            label = {"seed": seed, "space": "perceptual", "architecture": "", "hidden": 0,
                     "diet": "", "n": 0, "feature": feature, "other": feature, "resample": 0,
                     "dimensions": size}  # fmt: skip
            rows["orthogonality"] += [
                {**label, "measure": name, "score": score + 0.1 + 0.01 * rng.random()}
                for name, score in ANGLED.items()
            ]
            rows["orthogonality"].append({**label, "measure": "simplex", "score": simplex})
    for recipe in recipes(config):
        label = {"seed": seed, "architecture": recipe.architecture, "hidden": recipe.hidden,
                 "diet": recipe.diet}  # fmt: skip
        if recipe.diet not in ("mtmf", "untrained"):
            continue
        for feature, simplex in kinds.items():
            own = {**label, "space": "encoding", "n": 1, "feature": feature, "other": feature,
                   "resample": 0, "dimensions": 0}  # fmt: skip
            rows["orthogonality"] += [
                {**own, "measure": name, "score": score + 0.01 * rng.random()}
                for name, score in ANGLED.items()
            ]
            rows["orthogonality"].append({**own, "measure": "simplex", "score": simplex})
        if recipe.diet == "mtmf":
            _add_rotations(rows, label, kinds, rng)
            _add_effects(rows, label, kinds, rng)


def _add_rotations(rows: dict, label: dict, features: dict, rng: np.random.Generator) -> None:
    for n in (1, 2, 3):
        for feature in features:
            for stimulus in range(1, 6):
                for time in range(stimulus + 1, min(6, stimulus + n) + 1):
                    where = {**label, "space": "h", "set": "independent", "n": n,
                             "feature": feature, "stimulus": stimulus, "time": time}  # fmt: skip
                    there = {**ROTATED}
                    if time == 6:
                        del there["swap_stimulus"]
                    if time == 6 or time + 1 - stimulus > n:
                        del there["swap_time"]
                    rows["rotations"] += [
                        {**where, "measure": name, "score": score + 0.01 * rng.random()}
                        for name, score in there.items()
                    ]


def _add_effects(rows: dict, label: dict, features: dict, rng: np.random.Generator) -> None:
    for feature in features:
        own = {**label, "state": "h", "n": 1, "feature": feature}
        for direction, fall in (("decoder", 0.3), ("random", 0.02), ("outside", 0.01)):
            for alpha in np.arange(0, 3.25, 0.25):
                lost = min(fall * alpha, 0.9) + 0.01 * rng.random()
                for name, score in (
                    ("match", 0.95 - lost), ("no_action", 0.02 + 0.8 * lost),
                    ("non_match", 0.03 + 0.2 * lost), ("beyond", 0.01 + 0.3 * alpha),
                ):  # fmt: skip
                    rows["causal"].append(
                        {**own, "direction": direction, "other": feature, "alpha": alpha,
                         "measure": name, "score": score}
                    )  # fmt: skip
        for other in features:
            right = 0.9 if other == feature else 0.05
            for name, score in (
                ("match", 1 - right), ("no_action", 0.0), ("non_match", right), ("success", right),
                ("beyond", 0.01),
            ):  # fmt: skip
                rows["causal"].append(
                    {**own, "direction": "interchange", "other": other, "alpha": 1.0,
                     "measure": name, "score": score - 0.01 * rng.random() * (score > 0.5)}
                )  # fmt: skip
