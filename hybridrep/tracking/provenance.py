"""Where a run's numbers come from: the git commit and the versions of the packages."""

from __future__ import annotations

import json
import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path

import hybridrep
from hybridrep.tracking import names

SHOWN = ("hybridrep", "torch", "transformers", "numpy", "scikit-learn", "mlflow", "optuna")
"""The packages whose versions stand in the tag; the artifact has all."""


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of Python, hybridrep and everything that hybridrep requires."""
    versions = {"python": platform.python_version(), "hybridrep": hybridrep.__version__}
    try:
        required = metadata.requires("hybridrep") or []
    except metadata.PackageNotFoundError:
        required = list(SHOWN)
    for requirement in required:
        match = re.match(r"[\w.-]+", requirement)
        if match is None or "extra ==" in requirement:
            continue
        try:
            versions[match[0]] = metadata.version(match[0])
        except metadata.PackageNotFoundError:
            versions[match[0]] = "missing"
    return versions


def environment_json() -> str:
    """Return versions and platform as the text of an artifact."""
    packages, machine = package_versions(), platform.machine()
    environment = {"packages": packages, "platform": platform.platform(), "machine": machine}
    return json.dumps(environment, indent=2)


@cache
def provenance_tags() -> dict[str, str]:
    """Return the tags of the commit, of changes not committed, of the versions and the user."""
    from mlflow.tracking.context.default_context import DefaultRunContext

    versions = package_versions()
    shown = ("python", *SHOWN)
    tags = {str(k): str(v) for k, v in DefaultRunContext().tags().items()}
    tags[names.VERSIONS] = ", ".join(f"{n} {versions[n]}" for n in shown if n in versions)
    return {**tags, **_git_tags(Path(hybridrep.__file__).parent)}


def _git_tags(folder: Path) -> dict[str, str]:
    """Return the commit of the folder's repository, unless it is an installed package."""
    if "site-packages" in folder.parts:
        return {}
    try:
        from git import Repo
        from git.exc import GitError
    except ImportError:  # no git program on this machine
        return {}
    try:
        with Repo(folder, search_parent_directories=True) as repository:
            commit = repository.head.commit.hexsha
            changed = repository.is_dirty(path=str(folder))
    except (GitError, ValueError, OSError):  # no repository, or one without a commit
        return {}
    from mlflow.utils.mlflow_tags import MLFLOW_GIT_COMMIT

    return {MLFLOW_GIT_COMMIT: commit, names.UNCOMMITTED: str(changed).lower()}
