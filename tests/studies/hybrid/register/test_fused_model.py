"""The registered fusion of vectors: what it gives, and the side that it needs and is not given."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc import PythonModelContext

from hybridrep.studies.hybrid.register.fused_model import FusedModel, VectorsError
from hybridrep.transforms.linear_fusion import TaskComponents, TruncatedSVD
from hybridrep.transforms.transform import Transform

CONTEXT = PythonModelContext({}, {})
RNG = np.random.default_rng(0)
SIDES = {
    "global": RNG.normal(size=(40, 6)).astype(np.float32),
    "task_specific": RNG.normal(size=(40, 5)).astype(np.float32),
}


def loaded(transform: Transform, folder, units: int = 3) -> FusedModel:
    transform.save(folder / "t.safetensors")
    (folder / "fusion.json").write_text(json.dumps({"units": units}))
    model = FusedModel()
    artifacts = {"transform": str(folder / "t.safetensors"), "fusion": str(folder / "fusion.json")}
    model.load_context(PythonModelContext(artifacts, {}))
    return model


def asked(**change: object) -> pd.DataFrame:
    given = {name: [row.tolist() for row in side[:4]] for name, side in SIDES.items()}
    return pd.DataFrame({name: v for name, v in {**given, **change}.items() if v is not None})


def test_vectors_of_both_sides_give_what_the_transform_gives(tmp_path):
    transform = TruncatedSVD.fit(*SIDES.values(), RNG, size=4)
    answer = loaded(transform, tmp_path).predict(CONTEXT, asked())
    expected = transform.apply(*(side[:4] for side in SIDES.values()))[:, :3]
    np.testing.assert_allclose(np.stack(answer["fused"]), expected, atol=1e-6)


def test_one_that_reads_one_side_needs_that_alone(tmp_path):
    model = loaded(TaskComponents.fit(*SIDES.values(), RNG, size=3), tmp_path)
    alone = model.predict(CONTEXT, asked(**{"global": None}))
    np.testing.assert_array_equal(
        np.stack(alone["fused"]), np.stack(model.predict(CONTEXT, asked())["fused"])
    )
    message = "the fusion pca_task reads the column `task_specific`, 5 numbers a row, which the re"
    with pytest.raises(VectorsError, match=message):
        model.predict(CONTEXT, asked(task_specific=None))


@pytest.mark.parametrize(
    ("row", "message"), [([1.0] * 4, r"row 2 has the shape \(4,\)"), ([np.nan] * 5, "row 2 has mi")]
)
def test_bad_vectors_are_refused_by_their_row(tmp_path, row, message):
    model = loaded(TruncatedSVD.fit(*SIDES.values(), RNG, size=4), tmp_path)
    given = [*SIDES["task_specific"][:4].tolist()]
    given[1] = row
    with pytest.raises(VectorsError, match=message):
        model.predict(CONTEXT, asked(task_specific=given))
