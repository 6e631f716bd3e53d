"""What a run holds, against what the reference says that runs of its kind hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from hybridrep.studies.catalogue import CATALOGUE
from hybridrep.tracking.entries import TAGS, Entry, Placeholder, documented
from hybridrep.tracking.names import SIMULATION


def check_run(client: MlflowClient, run: Run, kind: str, simulation: str = "hybrid") -> None:
    """Fail when a finished run holds what the reference does not say, or lacks what it says.

    Args:
        kind: `seed`, `study`, `stage`, `report`, `trial`, `sweep`, `register` or `compare`.
        simulation: the study that it is of.
    """
    assert run.data.tags[SIMULATION] == simulation
    listing = next(each for each in CATALOGUE.studies if each.name == simulation)
    catalogue = import_module(listing.documentation)
    artifacts = list(_artifacts(client, run.info.run_id))
    known = {entry.name for entry in TAGS}
    tags = [tag for tag in run.data.tags if tag in known or not tag.startswith("mlflow.")]
    for what, found, entries in (
        ("metrics", list(run.data.metrics), catalogue.METRICS),
        ("artifacts", artifacts, catalogue.ARTIFACTS),
        ("tags", tags, TAGS),
        ("params", list(run.data.params), catalogue.PARAMS),
    ):
        said = documented(entries, kind)
        check_names(f"{what} of a {kind} run", found, said, catalogue.PLACEHOLDERS)


def _artifacts(client: MlflowClient, run_id: str, folder: str = "") -> Iterator[str]:
    for each in client.list_artifacts(run_id, folder):
        if each.is_dir:
            yield from _artifacts(client, run_id, each.path)
        else:
            yield each.path


def check_names(
    what: str, found: list[str], said: list[Entry], placeholders: Mapping[str, Placeholder]
) -> None:
    """Compare real names with documented ones in both directions."""
    unsaid = [
        name for name in found if not any(entry.matches(name, placeholders) for entry in said)
    ]
    lacking = [
        e.name
        for e in said
        if e.always and not any(e.matches(name, placeholders) for name in found)
    ]
    assert not unsaid, f"{what}: the reference does not say {unsaid}"
    assert not lacking, f"{what}: the reference promises {lacking}"
