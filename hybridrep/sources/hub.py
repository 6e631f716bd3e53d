"""One snapshot of a hub repository: from the local cache or the hub, within seconds.

Which files are wanted, and what is said where they cannot be had, is told by a `Kind`. Everything
else of a repository - code, pickles, archives - is left behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from hybridrep.errors import HybridrepError

HUB_PREFIX = "hub:"
MAIN = "main"
"""The branch that is read where nothing else is named."""

FIRST_ANSWER_SECONDS = 5.0
"""After so long without an answer, the hub is out of reach."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_FORM = re.compile(rf"{HUB_PREFIX}({_NAME}(?:/{_NAME})?)(?:@([A-Za-z0-9][A-Za-z0-9._/-]*))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Kind:
    """What is fetched of which repositories, and how it is spoken of.

    Attributes:
        noun: what a repository holds, e.g. "corpus".
        example: an ID, for messages; `alternatives`: what to give instead.
        is_whole: tells from the names of files whether all that is needed is among them.
        lacks: said of a repository without; may name `{repository}`, `{source}`, `{revisions}`
            and the `{commit}` that was looked at last.
        stays: whether a branch is read as it was when first fetched; else the hub is asked anew.
    """

    noun: str
    example: str
    alternatives: str
    repo_type: Literal["dataset", "model"]
    error: type[HybridrepError]
    is_whole: Callable[[Collection[str]], bool]
    lacks: str
    stays: bool

    def parse(self, source: str) -> tuple[str, str]:
        """Split `hub:ID@REVISION` into the ID and the revision, "" where there is none."""
        match = _FORM.fullmatch(source)
        if match is None or ".." in source:
            raise self.error(
                f"{source!r} does not name a hub {self.noun}. Give `hub:OWNER/NAME` or "
                f"`hub:OWNER/NAME@REVISION`, e.g. `hub:{self.example}`."
            )
        return match[1], match[2] or ""


@dataclass(frozen=True)
class Snapshot:
    """A repository's wanted files in a local folder, at one commit."""

    path: Path
    commit: str


def fetch(kind: Kind, source: str, revisions: Sequence[str], patterns: Sequence[str]) -> Snapshot:
    """Bring the wanted files of one commit of a repository into the local cache.

    A commit (an unchangeable name) is looked for in the cache first; without a network, what was
    fetched before is found again. Of the revisions the first that has all that is needed is taken.

    Raises:
        HybridrepError: `kind.error`: the hub cannot be reached, within seconds, or has no such
            repository, revision or files.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # Its bases are the errors of the transport library, which differs by version, and OSError.
    unreachable = cast(tuple[type[Exception], ...], HfHubHTTPError.__bases__)
    repository, _ = kind.parse(source)
    revision = commit = ""
    try:
        for revision in revisions:
            if kind.stays or _COMMIT.fullmatch(revision):
                with suppress(FileNotFoundError):
                    return _snapshot(kind, repository, revision, patterns, cached=True)
            # Asked by hand because it fails at once, where the download alone tries for long.
            info = HfApi().repo_info(
                repository, repo_type=kind.repo_type, revision=revision,
                timeout=FIRST_ANSWER_SECONDS,
            )  # fmt: skip
            commit = info.sha or ""
            if kind.is_whole([file.rfilename for file in getattr(info, "siblings", None) or ()]):
                return _snapshot(kind, repository, revision, patterns)
    except HFValidationError as error:
        raise kind.error(f"{source!r} does not name a hub {kind.noun}: {error}") from error
    except RevisionNotFoundError as error:
        raise kind.error(
            f"The hub {kind.noun} {repository!r} has no revision {revision!r}. {kind.alternatives}"
        ) from error
    except RepositoryNotFoundError as error:
        raise kind.error(
            f"The hub has no public {kind.noun} {repository!r}, or asks for a login. "
            f"{kind.alternatives}"
        ) from error
    except unreachable as error:
        for revision in revisions:
            with suppress(FileNotFoundError):
                return _snapshot(kind, repository, revision, patterns, cached=True)
        raise kind.error(
            f"The hub {kind.noun} {repository!r} cannot be reached ({error}), and it was not "
            f"fetched before. {kind.alternatives}"
        ) from error
    lacks = kind.lacks.format(
        repository=repository, source=source, revisions=" or ".join(revisions), commit=commit
    )
    raise kind.error(f"{lacks} {kind.alternatives}")


def _snapshot(
    kind: Kind, repository: str, revision: str, patterns: Sequence[str], cached: bool = False
) -> Snapshot:
    """Return a revision's files; with `cached`, `FileNotFoundError` unless all are there."""
    from huggingface_hub import snapshot_download

    path = Path(
        snapshot_download(
            repository, repo_type=kind.repo_type, revision=revision, allow_patterns=list(patterns),
            etag_timeout=FIRST_ANSWER_SECONDS, local_files_only=cached,
        )
    )  # fmt: skip
    if cached and not kind.is_whole(
        [file.relative_to(path).as_posix() for file in path.rglob("*")]
    ):
        raise FileNotFoundError(path)
    return Snapshot(path, commit=path.name)
