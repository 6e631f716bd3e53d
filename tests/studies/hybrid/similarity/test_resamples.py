"""How the stage draws a seed's items, and how it joins the draws of seeds."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybridrep.analysis.inference import bootstrap_items
from hybridrep.analysis.similarity import cosine_similarity
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.randomness import generator
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import DIRECTIONS, PAIRS, REPRESENTATIONS
from hybridrep.studies.hybrid.results import inference as inference_
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.similarity import resamples as inference
from hybridrep.studies.hybrid.similarity import stage as rsa
from hybridrep.studies.hybrid.similarity.stage import MatricesTask
from hybridrep.studies.hybrid.transformation import stage as autoencode
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.testing.reporting_fixtures import study_tables

VARIANT = Variant(DIRECTIONS[0], 32, 4)
INPUTS = object.__new__(Inputs)  # keys are made up here, so nothing looks at it
SEEDS = (0, 1, 2)


def keyed(stage: str):
    return lambda inputs, store, variant, seed: content_key({"stage": stage, "seed": seed})


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with the matrices of three seeds: few items, of three classes."""
    monkeypatch.setattr(rsa, "key", keyed("rsa"))
    monkeypatch.setattr(inference, "key", keyed("inference"))
    monkeypatch.setattr(autoencode, "variants", lambda inputs: (VARIANT,))
    made = Store(tmp_path)
    for seed in SEEDS:
        file = io.BytesIO()
        np.savez(file, **similarities(seed), labels=np.repeat([0, 1, 2], 4))
        made.write(
            rsa.key(INPUTS, made, VARIANT, seed), stage="rsa", inputs={}, seconds=0.0,
            files={"similarity_matrices.npz": file.getvalue()},
        )  # fmt: skip
        task = MatricesTask(INPUTS, VARIANT, seed)
        inference.resample(made, task, (inference.key(INPUTS, made, VARIANT, seed),))
    return made


def similarities(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: cosine_similarity(rng.normal(size=(12, 5))) for name in REPRESENTATIONS}


def test_items_are_drawn_within_their_classes(store: Store) -> None:
    key = inference.key(INPUTS, store, VARIANT, 1)
    stored = store.open(key).arrays("resamples")["bootstrap"]
    matrices = np.stack(list(similarities(1).values()))
    stream = generator(1, "inference", VARIANT.direction, VARIANT.bottleneck, "items")
    groups = np.repeat([0, 1, 2], 4)
    drawn = bootstrap_items(matrices, inference.RESAMPLES, stream, groups)
    np.testing.assert_array_equal(stored[:, 0], drawn[:, 0, 1])  # input and target


def test_the_permutation_p_of_a_study_is_two_sided(store: Store) -> None:
    tables: StudyTables = study_tables(seeds=len(SEEDS), epochs=4)
    tables.rsa["value"] = np.where(tables.rsa["pair"] == PAIRS[0], -0.9, 0.9)
    table: pd.DataFrame = inference_.inference_table(INPUTS, store, tables, SEEDS)
    below, above = (table.set_index("pair")["permutation_p"][pair] for pair in PAIRS[:2])
    assert below == above == 1 / (1 + inference.RESAMPLES)
