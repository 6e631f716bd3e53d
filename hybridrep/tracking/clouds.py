"""Artifacts in a cloud: whether they can be reached, found out before any work and said in a line.

MLflow writes to S3, Google's and Azure's storage through packages of their makers. Each raises
errors of its own, some only after minutes, and none is MLflow's.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hybridrep.errors import TrackingError
from hybridrep.execution.threads import environment
from hybridrep.messages import without_passwords

ANSWER_SECONDS = 20.0
"""After so long without an answer, a storage is out of reach."""


@dataclass(frozen=True)
class Cloud:
    """A maker's storage: what it takes to use it."""

    name: str
    packages: tuple[str, ...]  # that MLflow imports for it
    extra: str  # of this project, which brings them
    credentials: str
    address: str  # how another address of its servers is given


S3 = Cloud(
    "S3", ("boto3",), "s3",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "MLFLOW_S3_ENDPOINT_URL, for a server of your own",
)  # fmt: skip
GOOGLE = Cloud(
    "Google Cloud Storage", ("google.cloud.storage", "google.auth"), "gcs",
    "set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run `gcloud auth application-default "
    "login`",
    "the network",
)  # fmt: skip
AZURE = Cloud(
    "Azure", ("azure.storage.blob", "azure.identity"), "azure",
    "set AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCESS_KEY, or sign in for "
    "azure-identity",
    "the account's name",
)  # fmt: skip

CLOUDS = {"s3": S3, "gs": GOOGLE, "wasb": AZURE, "wasbs": AZURE}
"""Scheme of an artifacts' address -> whose it is."""

_MAKERS = ("botocore", "boto3", "s3transfer", "google", "azure")
_NO_CREDENTIALS = ("Credential", "Authentication", "Token", "DefaultAzure", "AZURE_STORAGE_")
_NO_ADDRESS = ("Connect", "Endpoint", "ServiceRequest", "Timeout", "TransportError", "MaxRetry")


def check_artifacts(experiment: str, address: str) -> None:
    """Refuse artifacts' storage in a cloud that cannot be used; others are looked at elsewhere.

    Raises:
        TrackingError: a package, credentials or the bucket is missing, or nothing answers.
    """
    cloud = CLOUDS.get(_scheme(address))
    if cloud is None:
        return
    where = f"the artifacts of the experiment {experiment!r} lie at {shown(address)}"
    for package in cloud.packages:
        if not _importable(package):
            raise TrackingError(
                f"{where}, for which the package {package} is not installed: "
                f"pip install 'hybridrep[{cloud.extra}]'"
            )
    outcome: list[BaseException | None] = []
    thread = threading.Thread(target=_list, args=(address, outcome), daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    if not outcome:
        raise TrackingError(
            f"{where}, where nothing answers within {ANSWER_SECONDS:.0f} seconds: check "
            f"{cloud.address}, or {cloud.credentials}"
        )
    if (error := outcome[0]) is not None:
        raise TrackingError(f"{where}, {what_is_wrong(cloud, error)}") from error


def is_of_a_cloud(error: BaseException) -> bool:
    """Tell whether an exception was raised by a package of a cloud's maker."""
    return type(error).__module__.partition(".")[0] in _MAKERS


def in_one_line(error: BaseException) -> str:
    """Return what a maker's exception says: its first line, without secrets."""
    line = str(error).strip().partition("\n")[0] or type(error).__name__
    return without_passwords(line).rstrip(".")


def what_is_wrong(cloud: Cloud, error: BaseException) -> str:
    """Say of a failure what is missing, and what to do."""
    kind, reason = f"{type(error).__name__} {error}", in_one_line(error)
    if any(word in kind for word in _NO_CREDENTIALS):
        return f"for which there are no credentials ({reason}): {cloud.credentials}"
    if any(word in kind for word in _NO_ADDRESS):
        return f"which cannot be reached ({reason}): check {cloud.address}"
    return (
        f"which cannot be used ({reason}): make the bucket or container, let these credentials "
        f"list and write it, or {cloud.credentials}"
    )


def shown(address: str) -> str:
    """Return an address as messages name it; Azure's has its container before an @, no user."""
    return address if _scheme(address).startswith("wasb") else without_passwords(address)


def _scheme(address: str) -> str:
    try:
        return urlsplit(address).scheme.lower()
    except ValueError:
        return ""


def _importable(package: str) -> bool:
    from importlib import import_module

    try:
        import_module(package)
    except ImportError:
        return False
    return True


def _list(address: str, outcome: list[BaseException | None]) -> None:
    """List what lies at an address; leave the exception of it, or None."""
    try:
        _listing(address)
    except Exception as error:  # noqa: BLE001 - handed on, and raised by whoever waits
        outcome.append(error)
    else:
        outcome.append(None)


def _listing(address: str) -> Any:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    with environment({"AWS_MAX_ATTEMPTS": "2"}):
        return get_artifact_repository(address).list_artifacts()
