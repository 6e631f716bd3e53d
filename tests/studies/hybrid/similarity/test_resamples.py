"""How the stage draws a seed's items, and how it joins the draws of seeds."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybridrep.analysis.inference.pair_weights import bootstrap_items
from hybridrep.analysis.similarity import cosine_similarity
from hybridrep.execution.store import Store
from hybridrep.randomness import generator
from hybridrep.running.stage import Node, tasks_of
from hybridrep.running.study import Prepared
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import DIRECTIONS, PAIRS, REPRESENTATIONS
from hybridrep.studies.hybrid.results.inference import inference_table
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.similarity import resamples
from hybridrep.studies.hybrid.similarity import stage as similarity
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.testing.reporting_fixtures import study_tables

VARIANT = Variant(DIRECTIONS[0], 32, 4)
SEEDS = (0, 1, 2)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """The matrices and resamples of three seeds: few items, of three classes."""

    def matrices(_study: Prepared, _variant: Variant, seed: int) -> Node:
        return similarity.STAGE.node(similarity.make, seed, seed=seed)

    monkeypatch.setattr(similarity, "node", matrices)
    monkeypatch.setattr(transformation, "variants", lambda study: (VARIANT,))
    made = Prepared(object.__new__(Inputs), Store(tmp_path))  # nothing looks at the inputs
    for seed in SEEDS:
        file = io.BytesIO()
        np.savez(file, **similarities(seed), labels=np.repeat([0, 1, 2], 4))
        made.store.write(
            matrices(made, VARIANT, seed).key, stage="rsa", inputs={}, seconds=0.0,
            files={"similarity_matrices.npz": file.getvalue()},
        )  # fmt: skip
        (task,) = tasks_of([resamples.node(made, VARIANT, seed)])
        task.function(made.store, task.payload, task.produces)
    return made


def similarities(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: cosine_similarity(rng.normal(size=(12, 5))) for name in REPRESENTATIONS}


def test_items_are_drawn_within_their_classes(study: Prepared) -> None:
    node = resamples.node(study, VARIANT, 1)
    stored = study.open(node).arrays("resamples")["bootstrap"]
    matrices = np.stack(list(similarities(1).values()))
    stream = generator(1, "inference", VARIANT.direction, VARIANT.bottleneck, "items")
    groups = np.repeat([0, 1, 2], 4)
    drawn = bootstrap_items(matrices, resamples.RESAMPLES, stream, groups)
    np.testing.assert_array_equal(stored[:, 0], drawn[:, 0, 1])  # input and target


def test_the_permutation_p_of_a_study_is_two_sided(study: Prepared) -> None:
    tables: StudyTables = study_tables(seeds=len(SEEDS), epochs=4)
    tables.rsa["value"] = np.where(tables.rsa["pair"] == PAIRS[0], -0.9, 0.9)
    table: pd.DataFrame = inference_table(study, tables, SEEDS)
    below, above = (table.set_index("pair")["permutation_p"][pair] for pair in PAIRS[:2])
    assert below == above == 1 / (1 + resamples.RESAMPLES)
