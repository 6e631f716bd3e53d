"""Logged models: loaded in a clean process without pickle, they answer as training did."""

import contextlib
import dataclasses
import io
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.scoring_server import _parse_json_data, predictions_to_json

from hybridrep.errors import TrackingError
from hybridrep.studies.hybrid.register.logging import VECTOR_REQUIREMENTS, log_autoencoder_model
from hybridrep.tracking.models import Network, network_digest, requirements
from hybridrep.transforms.autoencoder import AutoencoderConfig, build_autoencoder, state_arrays

pytest_plugins = ["hybridrep.testing.tracking_store"]

CONFIG = AutoencoderConfig(input_size=24, output_size=18, bottleneck=4)


@pytest.fixture
def module() -> torch.nn.Module:
    """A real convolutional autoencoder, the plain reference."""
    return build_autoencoder(CONFIG, torch.Generator().manual_seed(0))


@pytest.fixture
def network(module) -> Network:
    return Network(dataclasses.asdict(CONFIG), state_arrays(module))


@pytest.fixture
def inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(5, 24)).astype(np.float32)


@pytest.fixture
def expected(module, inputs) -> tuple[np.ndarray, np.ndarray]:
    with torch.no_grad():
        vectors = torch.from_numpy(inputs)
        return module.bottleneck(vectors).numpy(), module(vectors).numpy()


@pytest.fixture
def logged(tracker, network, inputs, expected):
    client = tracker.server.client
    run = client.create_run(tracker.server.experiment_id)
    client.set_terminated(run.info.run_id)
    return log_autoencoder_model(
        tracker.server,
        run.info.run_id,
        "b4",
        network,
        inputs[:2],
        (expected[0][:2], expected[1][:2]),
    )


@pytest.fixture
def loaded(logged, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    return mlflow.pyfunc.load_model(logged.uri)


def assert_equal(answer: pd.DataFrame, expected: tuple[np.ndarray, np.ndarray]) -> None:
    for name, vectors in zip(("bottleneck", "reconstructed"), expected, strict=True):
        np.testing.assert_allclose(np.stack(list(answer[name])), vectors, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x,
        lambda x: x.astype(np.float64),
        lambda x: np.asfortranarray(x),
        pd.DataFrame,
        lambda x: pd.DataFrame(x, columns=[f"v{i}" for i in range(x.shape[1])]),
        lambda x: x.tolist(),
    ],
    ids=["float32", "float64", "by column", "table", "named table", "list"],
)
def test_vectors_of_any_form_give_what_the_plain_module_gives(loaded, inputs, expected, form):
    assert_equal(loaded.predict(form(inputs)), expected)


def request(loaded, body: dict):
    """Answer a request as a server does."""
    given = _parse_json_data(json.dumps(body), loaded.metadata, loaded.metadata.get_input_schema())
    answer = io.StringIO()
    predictions_to_json(loaded.predict(given.data), answer)
    return pd.DataFrame(json.loads(answer.getvalue())["predictions"])


def test_a_request_to_a_server_is_answered(loaded, inputs, expected):
    assert_equal(request(loaded, {"inputs": inputs.tolist()}), expected)


@pytest.mark.parametrize("key", ["instances", "dataframe_split"])
def test_another_form_of_request_is_told_which_is_read(loaded, inputs, key):
    rows = inputs.tolist()
    with pytest.raises(MlflowException, match="'inputs' key"):
        request(loaded, {key: {"data": rows} if key == "dataframe_split" else rows})


@pytest.mark.parametrize("size", [20, 25, 48])
@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame, lambda x: x.tolist()])
def test_vectors_of_another_size_are_refused_never_cut(loaded, size, form):
    with pytest.raises(
        MlflowException, match=f"takes vectors of 24 numbers, .* 3 x {size}: .* 24 inputs"
    ):
        loaded.predict(form(np.ones((3, size))))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.nan, "missing or infinite"), (np.inf, "missing or infinite"), (1e39, "beyond float32"),
        ("joy", "no rows of equally many numbers"),
    ],
)  # fmt: skip
def test_vectors_that_are_no_finite_numbers_are_refused(loaded, inputs, wrong, message):
    rows = inputs.astype(object)
    rows[0, 0] = wrong
    with pytest.raises(MlflowException, match=message) as caught:
        loaded.predict(rows.tolist())
    assert caught.value.get_http_status_code() == 400
    assert isinstance(caught.value, ValueError)


def test_the_answer_does_not_depend_on_the_number_of_threads(loaded, inputs):
    before, answers = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            answers.append(loaded.predict(np.repeat(inputs, 200, axis=0)))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    for name in ("bottleneck", "reconstructed"):
        first, second = (np.stack(list(answer[name])) for answer in answers)
        np.testing.assert_array_equal(first, second)


def test_the_model_says_what_it_takes_gives_needs_and_where_it_comes_from(logged, tracker):
    model = tracker.server.client.get_logged_model(logged.model_id)
    info = mlflow.models.get_model_info(logged.uri)
    assert len(info.signature.inputs.inputs) == 24
    assert info.signature.outputs.input_names() == ["bottleneck", "reconstructed"]
    folder = Path(mlflow.artifacts.download_artifacts(logged.uri))
    wanted = (folder / "requirements.txt").read_text().split()
    assert wanted == requirements(VECTOR_REQUIREMENTS)
    assert f"numpy=={metadata.version('numpy')}" in wanted
    assert not any("+" in line for line in wanted)
    assert json.loads((folder / "serving_input_example.json").read_text())["inputs"]
    files = {p.suffix for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert files.isdisjoint({".pkl", ".pickle", ".pt", ".pth", ".bin", ".pyc"})
    run = tracker.server.client.get_run(model.source_run_id)
    assert [output.model_id for output in run.outputs.model_outputs] == [logged.model_id]
    assert run.info.status == "FINISHED"


def test_a_model_that_does_not_give_its_trainings_vectors_is_refused(
    tracker, network, inputs, expected
):
    run = tracker.server.client.create_run(tracker.server.experiment_id)
    wrong = (expected[0], expected[1] + 1e-4)
    with pytest.raises(TrackingError, match="reconstructed vectors of its training"):
        log_autoencoder_model(tracker.server, run.info.run_id, "b4", network, inputs, wrong)


def test_the_import_path_is_left_as_it_was(tracker, network, inputs, expected):
    before = list(sys.path)
    run = tracker.server.client.create_run(tracker.server.experiment_id)
    log_autoencoder_model(tracker.server, run.info.run_id, "b4", network, inputs, expected)
    assert sys.path == before


def test_a_digest_tells_configurations_and_weights_apart(network):
    same = Network(dict(network.config), {k: v.copy() for k, v in network.state.items()})
    assert network_digest(same) == network_digest(network)
    other_config = Network({**network.config, "activation": "tanh"}, network.state)
    first = next(iter(network.state))
    other_state = Network(network.config, {**network.state, first: network.state[first] + 1e-7})
    assert len({network_digest(n) for n in (network, other_config, other_state)}) == 3


FRESH = """
import sys
sys.path.append({packages!r})
import numpy as np, mlflow, pandas as pd
model = mlflow.pyfunc.load_model({uri!r})
answer = model.predict(pd.read_parquet({inputs!r}))
np.savez({answer!r}, **{{name: np.stack(list(answer[name])) for name in answer}})
import hybridrep
print(hybridrep.__file__)
"""


def predict_in_a_fresh_environment(uri, inputs, packages, folder) -> dict[str, np.ndarray]:
    """Load a model where there is no hybridrep and nothing but what these packages bring."""
    installed = folder / "packages"
    installed.mkdir()
    for name in closure(packages):
        link_distribution(name, installed)
    inputs.to_parquet(folder / "inputs.parquet")
    code = FRESH.format(
        packages=str(installed),
        uri=uri,
        inputs=str(folder / "inputs.parquet"),
        answer=str(folder / "answer.npz"),
    )
    environment = {**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
    command = [sys.executable, "-I", "-S", "-c", code]  # no site-packages, no user's paths
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "/artifacts/code/hybridrep/" in done.stdout.splitlines()[-1]
    with np.load(folder / "answer.npz") as answer:
        return dict(answer)


def link_distribution(name: str, folder: Path) -> None:
    """Link the files of an installed package, if it is installed, into another folder."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            place = folder / top
            if not place.exists():
                place.symlink_to(distribution.locate_file(top))


def closure(packages: tuple[str, ...]) -> set[str]:
    """What installing these packages brings: themselves and what they require, all the way."""
    found: set[str] = set()
    waiting = [_normal(name) for name in packages]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        waiting += [_normal(line) for line in needed if "extra ==" not in line]
    return found


def _normal(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


@pytest.mark.slow
@pytest.mark.long
def test_it_loads_where_only_its_own_requirements_are_installed(logged, inputs, expected, tmp_path):
    answer = predict_in_a_fresh_environment(
        logged.uri, pd.DataFrame(inputs).rename(columns=str), VECTOR_REQUIREMENTS, tmp_path
    )
    for name, vectors in zip(("bottleneck", "reconstructed"), expected, strict=True):
        np.testing.assert_allclose(answer[name], vectors, atol=1e-6, rtol=0)
