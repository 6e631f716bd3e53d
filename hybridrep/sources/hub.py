"""The network edge of the hub: a repository's data files, brought into the local cache."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from hybridrep.errors import CorpusError, HybridrepError

CONVERTED = "refs/convert/parquet"
"""The branch on which the hub keeps public corpora converted to Parquet."""

ALTERNATIVES = (
    "Give a local file or folder instead (txt, csv, tsv, jsonl or parquet), or `sample`, the "
    "synthetic corpus that needs no network."
)
_DATA_ENDINGS = (".parquet", ".csv", ".tsv", ".jsonl", ".json")
CARD = "README.md"
"""Where a repository says which of its files are what."""

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Snapshot:
    """A repository's data files in a local folder, at one commit."""

    path: Path
    commit: str


def fetch(
    repository: str, revision: str, folder: str = "", endpoint: str | None = None
) -> Snapshot:
    """Bring the data files of one commit of a hub corpus into the local cache.

    Loading scripts, archives and everything else that is no plain data are left behind. Without
    a network, what was fetched before is found again; a commit (an unchangeable name) is looked
    for in the cache first.

    Args:
        repository: the corpus' ID, `OWNER/NAME`.
        revision: a commit, branch or tag; "" for the main branch or, where that has no data
            files, the converted one.
        folder: the only folder to fetch; "" for the whole repository.
        endpoint: the hub's address; None for the usual one (HF_ENDPOINT).

    Raises:
        CorpusError: the hub cannot be reached, within seconds, or has no such corpus, revision
            or data files.
    """
    from huggingface_hub.errors import (
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # One base is the error of the client's transport library, which differs by client version.
    unreachable = cast(tuple[type[Exception], ...], HfHubHTTPError.__bases__)
    candidates = [revision] if revision else ["main", CONVERTED]
    if _COMMIT.fullmatch(revision) and (snapshot := _cached(repository, revision, folder)):
        return snapshot
    try:
        for candidate in candidates:
            if _has_data(repository, candidate, endpoint):
                return _download(repository, candidate, folder, endpoint)
    except RevisionNotFoundError as error:
        raise CorpusError(
            f"The hub corpus {repository!r} has no revision {revision or CONVERTED!r}. "
            f"{ALTERNATIVES}"
        ) from error
    except RepositoryNotFoundError as error:
        raise CorpusError(
            f"The hub has no public corpus {repository!r}, or asks for a login. {ALTERNATIVES}"
        ) from error
    except unreachable as error:
        for candidate in candidates:
            if snapshot := _cached(repository, candidate, folder):
                return snapshot
        raise CorpusError(
            f"The hub corpus {repository!r} cannot be reached ({error}), and it was not fetched "
            f"before. {ALTERNATIVES}"
        ) from error
    raise CorpusError(
        f"The hub corpus {repository!r} has no data files ({', '.join(_DATA_ENDINGS)}) at "
        f"{' or '.join(candidates)}; loading scripts are not run. {ALTERNATIVES}"
    )


def data_files(path: Path) -> list[Path]:
    """Return the data files in a snapshot, relative to it."""
    return sorted(
        file.relative_to(path)
        for file in path.rglob("*")
        if file.suffix in _DATA_ENDINGS and file.is_file()
    )


def _has_data(repository: str, revision: str, endpoint: str | None) -> bool:
    """Ask the hub which files a revision has; the one request that is not tried again."""
    from huggingface_hub import HfApi

    info = HfApi(endpoint=endpoint).dataset_info(
        repository, revision=revision, timeout=FIRST_ANSWER_SECONDS
    )
    return any(file.rfilename.endswith(_DATA_ENDINGS) for file in info.siblings or ())


def _download(
    repository: str, revision: str, folder: str, endpoint: str | None, cached: bool = False
) -> Snapshot:
    from huggingface_hub import snapshot_download

    path = Path(
        snapshot_download(
            repository,
            repo_type="dataset",
            revision=revision,
            allow_patterns=_patterns(folder),
            etag_timeout=FIRST_ANSWER_SECONDS,
            endpoint=endpoint,
            local_files_only=cached,
        )
    )
    return Snapshot(path, commit=path.name)


def _cached(repository: str, revision: str, folder: str) -> Snapshot | None:
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return _download(repository, revision, folder, endpoint=None, cached=True)
    except LocalEntryNotFoundError:
        return None


def _patterns(folder: str) -> list[str]:
    inside = f"{folder}/" if folder else ""
    patterns = [f"{inside}*{ending}" for ending in _DATA_ENDINGS]
    return patterns if folder else [*patterns, CARD]


HUB_PREFIX = "hub:"


FIRST_ANSWER_SECONDS = 5.0
"""After so long without an answer, the hub is out of reach."""


_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"


_FORM = re.compile(rf"{HUB_PREFIX}({_NAME}(?:/{_NAME})?)(?:@([A-Za-z0-9][A-Za-z0-9._/-]*))?")


def parse_hub(source: str, noun: str, example: str, error: type[HybridrepError]) -> tuple[str, str]:
    """Split `hub:ID@REVISION` into the ID and the revision, "" where there is none.

    Args:
        source: as the user wrote it.
        noun: what it names, for the message.
        example: an ID, for the message.
        error: what is raised where the text is not of that form.
    """
    match = _FORM.fullmatch(source)
    if match is None or ".." in source:
        raise error(
            f"{source!r} does not name a hub {noun}. Give `hub:OWNER/NAME` or "
            f"`hub:OWNER/NAME@REVISION`, e.g. `hub:{example}`."
        )
    return match[1], match[2] or ""
