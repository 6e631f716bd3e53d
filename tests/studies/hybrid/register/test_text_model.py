"""The text model: raw tweets in, the four representations out, everything it needs inside."""

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch

from hybridrep.sources.encoders.text import embed_texts, resolve_encoder
from hybridrep.sources.words.tokens import Vocabulary
from hybridrep.studies.hybrid.register.logging import TEXT_REQUIREMENTS, TextParts, log_text_model
from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig, TaskLSTM
from hybridrep.studies.hybrid.task_specific.lstm import state_arrays as lstm_arrays
from hybridrep.testing.servers import free_port
from hybridrep.testing.small_study import write_encoder
from hybridrep.tracking.models import Network
from hybridrep.transforms.autoencoder import AutoencoderConfig, build_autoencoder, state_arrays
from tests.studies.hybrid.register.test_logging import predict_in_a_fresh_environment

pytest_plugins = ["hybridrep.testing.tracking_store"]
pytestmark = pytest.mark.slow

TWEETS = (
    "i feel so happy today",
    "i am angry at all of you",
    "what a surprise this is for me and for everybody who knows me",
    "",
    "?!",
    "words that nobody knows: xyzzy",
    "I FEEL SO HAPPY today",
    "i feel so happy today",
    "so",
    "everybody is afraid of something",
)
VOCABULARY = Vocabulary.from_texts(TWEETS[:3])
AUTOENCODER = AutoencoderConfig(input_size=12, output_size=32, bottleneck=3)
LSTM = LSTMConfig(input_size=5, time_steps=7, classes=3, hidden_size=12)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"), TWEETS)


@pytest.fixture(scope="module")
def word_vectors() -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(len(VOCABULARY) + 2, 5)).astype(np.float32)
    vectors[:2] = 0
    return vectors


@pytest.fixture(scope="module")
def lstm(word_vectors) -> TaskLSTM:
    model = TaskLSTM(LSTM, word_vectors, torch.Generator().manual_seed(1))
    model.normalise.running_mean.uniform_(-0.2, 0.2, generator=torch.Generator().manual_seed(2))
    return model.eval()


@pytest.fixture(scope="module")
def autoencoder() -> torch.nn.Module:
    return build_autoencoder(AUTOENCODER, torch.Generator().manual_seed(3)).eval()


@pytest.fixture(scope="module")
def expected(encoder, lstm, autoencoder) -> dict[str, np.ndarray]:
    """The four representations of `TWEETS` by plain modules, one tweet after the other."""
    tokens = VOCABULARY.encode(TWEETS, LSTM.time_steps).token_ids
    with torch.no_grad():
        hidden = torch.stack([lstm.last_hidden(torch.from_numpy(row)[None])[0] for row in tokens])
        diffused, transformed = autoencoder.bottleneck(hidden), autoencoder(hidden)
    return {
        "global": embed_texts(resolve_encoder(str(encoder)), TWEETS),
        "task_specific": hidden.numpy(),
        "diffused": diffused.numpy(),
        "transformed": transformed.numpy(),
    }


@pytest.fixture
def logged(tracker, encoder, word_vectors, lstm, autoencoder, expected):
    run = tracker.server.client.create_run(tracker.server.experiment_id)
    parts = TextParts(
        encoder_folder=encoder,
        words=VOCABULARY.words,
        word_vectors=word_vectors,
        lstm=Network(dataclasses.asdict(LSTM), lstm_arrays(lstm)),
        source="task_specific",
    )
    network = Network(dataclasses.asdict(AUTOENCODER), state_arrays(autoencoder))
    return log_text_model(
        tracker.server, run.info.run_id, "text", network, parts, expected, example=TWEETS
    )


def assert_equal(answer, expected: dict[str, np.ndarray]) -> None:
    assert list(answer) == ["global", "task_specific", "diffused", "transformed"]
    for name, vectors in expected.items():
        found = np.stack(list(answer[name]))
        np.testing.assert_allclose(found, vectors, atol=1e-6, rtol=1e-6, err_msg=name)


def test_tweets_of_any_form_give_the_four_representations(logged, expected, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    model = mlflow.pyfunc.load_model(logged.uri)
    for tweets in (
        list(TWEETS),
        np.array(TWEETS),
        pd.Series(TWEETS),
        pd.DataFrame({"tweet": TWEETS}),
    ):
        assert_equal(model.predict(tweets), expected)
    dirty = ["@you i feel so happy today #joy https://t.co/x"]
    cleaned = model.predict(dirty, params={"clean": True})
    np.testing.assert_allclose(cleaned["global"][0], expected["global"][0], atol=1e-6)
    with pytest.raises(ValueError, match="inputs"):
        model.predict({"input": ["hello"]})
    with pytest.raises(ValueError, match="missing"):
        model.predict(pd.DataFrame({"tweet": ["a", None]}))
    labelled = pd.DataFrame({"label": "joy", "text": TWEETS})
    assert_equal(model.predict(labelled), expected)
    with pytest.raises(ValueError, match="none of which is named `text`"):
        model.predict(labelled.rename(columns={"text": "tweet"}))
    asked = model.metadata.get_input_schema().to_dict()
    assert asked == [{"type": "string", "required": True}]
    folder = Path(mlflow.artifacts.download_artifacts(logged.uri))
    files = {p.suffix for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert files.isdisjoint({".pkl", ".pickle", ".pt", ".pth", ".bin", ".pyc"})


@pytest.mark.long
def test_it_loads_where_only_its_own_requirements_are_installed(
    logged, expected, encoder, tmp_path, monkeypatch
):
    hidden = tmp_path / "gone"
    shutil.move(encoder, hidden)  # nothing outside of the model may be needed
    try:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        table = pd.DataFrame({"tweet": TWEETS})
        answer = predict_in_a_fresh_environment(logged.uri, table, TEXT_REQUIREMENTS, tmp_path)
    finally:
        shutil.move(hidden, encoder)
    assert_equal(answer, expected)


def test_mlflow_serves_it(logged, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    programs = str(Path(sys.executable).parent)  # MLflow looks for uvicorn there
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", logged.uri]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 300
        while not _answers(f"{address}/ping"):
            assert server.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.3)
        request = urllib.request.Request(
            f"{address}/invocations",
            data=json.dumps({"inputs": TWEETS}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            predictions = json.load(answer)["predictions"]
        refused = {name: _ask(address, name) for name in REFUSED}
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    assert_equal(pd.DataFrame(predictions), expected)
    for body, (code, message) in refused.items():
        assert code == 400, body
        assert REFUSED[body] in message


REFUSED = {
    '{"inputs": [null]}': "text 1 is missing",
    '{"inputs": [1]}': "text 1 is a number",
    '{"inputs": {"label": ["joy"], "tweet": ["a"]}}': "no column `text`",
    '{"input": ["a"]}': "inputs",
    '{"dataframe_split": {"columns": ["label", "tweet"], "data": [["joy", "a"]]}}': "inputs",
    "[]": "",
    "{": "",
}
"""Requests that a server refuses, with what its answer says."""


def _ask(address: str, body: str) -> tuple[int, str]:
    request = urllib.request.Request(
        f"{address}/invocations",
        data=body.encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False
