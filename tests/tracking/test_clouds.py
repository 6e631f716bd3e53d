"""Artifacts in a cloud: what is missing is said in a line, before any work."""

import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import mlflow
import pytest

from hybridrep.errors import TrackingError
from hybridrep.testing.servers import free_port
from hybridrep.tracking import clouds
from hybridrep.tracking.clouds import AZURE, GOOGLE, S3, check_artifacts, what_is_wrong
from hybridrep.tracking.runs import connect
from hybridrep.tracking.server import open_server, readable_errors

pytest_plugins = ["hybridrep.testing.tracking_store"]


class NoCredentialsError(Exception):
    """As botocore's."""

    __module__ = "botocore.exceptions"


class EndpointConnectionError(NoCredentialsError):
    """As botocore's."""


@pytest.mark.parametrize(
    ("address", "package", "extra"),
    [
        ("s3://bucket/runs", "boto3", "s3"),
        ("gs://bucket/runs", "google.cloud.storage", "gcs"),
        ("wasbs://box@account.blob.core.windows.net/runs", "azure.storage.blob", "azure"),
    ],
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    monkeypatch, address, package, extra
):
    monkeypatch.setattr(clouds, "_importable", lambda name: False)
    with pytest.raises(TrackingError) as caught:
        check_artifacts("mine", address)
    assert str(caught.value) == (
        f"the artifacts of the experiment 'mine' lie at {address}, for which the package {package} "
        f"is not installed: pip install 'hybridrep[{extra}]'"
    )


@pytest.mark.parametrize(
    "address", ["/srv/mlruns", "file:///srv", "mlflow-artifacts:/7", "//[", ""]
)
def test_other_addresses_are_left_alone(monkeypatch, address):
    monkeypatch.setattr(clouds, "_listing", lambda _: pytest.fail("nothing is asked"))
    check_artifacts("mine", address)


@pytest.mark.parametrize(
    ("cloud", "error", "said"),
    [
        (
            S3,
            NoCredentialsError("Unable to locate credentials"),
            "no credentials (Unable to locate",
        ),
        (S3, EndpointConnectionError('Could not connect to "http://h:1/"'), "cannot be reached"),
        (S3, ValueError("NoSuchBucket: The specified bucket does not exist"), "make the bucket"),
        (GOOGLE, RuntimeError("DefaultCredentialsError"), "GOOGLE_APPLICATION_CREDENTIALS"),
        (AZURE, Exception("You need to set AZURE_STORAGE_CONNECTION_STRING or"), "no credentials"),
    ],
)
def test_what_a_maker_says_becomes_one_line_with_what_helps(cloud, error, said):
    line = what_is_wrong(cloud, error)
    assert said in line
    assert "\n" not in line


def test_a_storage_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(clouds, "_importable", lambda name: True)
    monkeypatch.setattr(clouds, "ANSWER_SECONDS", 0.01)
    monkeypatch.setattr(clouds, "_listing", lambda _: time.sleep(1))
    with pytest.raises(TrackingError, match="nothing answers within 0 seconds: check MLFLOW_S3"):
        check_artifacts("mine", "s3://bucket")


def test_the_experiments_storage_is_tried_when_a_study_connects(store_uri, monkeypatch):
    def listing(address: str) -> None:
        raise NoCredentialsError("Unable to locate credentials")

    monkeypatch.setattr(clouds, "_importable", lambda name: True)
    monkeypatch.setattr(clouds, "_listing", listing)
    mlflow.create_experiment("far", artifact_location="s3://bucket/runs")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "far")
    with pytest.raises(
        TrackingError, match=r"'far' lie at s3://bucket/runs, for which there are no"
    ):
        connect("hybrid")


def test_a_makers_error_later_on_is_no_traceback(store_uri):
    with (
        pytest.raises(
            TrackingError, match=r"logging the run failed: the storage .* answers Unable"
        ),
        readable_errors(store_uri, "logging the run"),
    ):
        raise NoCredentialsError("Unable to locate credentials")


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return


@pytest.fixture
def s3(tmp_path, monkeypatch):
    """A server on this machine that speaks like S3, with a bucket `there`."""
    pytest.importorskip("moto.server", reason="no local S3 server: pip install 'moto[server]'")
    boto3 = pytest.importorskip("boto3", reason="needs the extra s3")
    port = free_port()
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "anything")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with (tmp_path / "moto").open("wb") as log:
        command = [sys.executable, "-m", "moto.server", "-p", str(port)]
        server = subprocess.Popen(command, stdout=log, stderr=log)
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}")
    wait_for_port(port)
    client.create_bucket(Bucket="there")
    yield SimpleNamespace(stop=server.kill)
    server.kill()
    server.wait()


@pytest.mark.slow
def test_a_real_storage_is_used_and_its_faults_are_told_apart(s3, store_uri, monkeypatch):
    for bucket in ("there", "nowhere"):
        mlflow.create_experiment(bucket, artifact_location=f"s3://{bucket}/runs")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "there")
    server = open_server("hybridrep")
    run = server.client.create_run(server.experiment_id)
    server.client.log_text(run.info.run_id, "kept", "file.txt")
    assert [each.path for each in server.client.list_artifacts(run.info.run_id)] == ["file.txt"]
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "nowhere")
    with pytest.raises(TrackingError, match=r"which cannot be used .* make the bucket"):
        open_server("hybridrep")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "there")
    s3.stop()
    with pytest.raises(TrackingError, match=r"which cannot be reached .* check MLFLOW_S3_ENDPOINT"):
        open_server("hybridrep")
