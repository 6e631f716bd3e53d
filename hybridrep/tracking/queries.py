"""Finding runs by their tags, and reading back what a study has left in its run."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pandas as pd

from hybridrep.errors import TrackingError
from hybridrep.tracking import names
from hybridrep.tracking.server import Server, open_server, readable_errors
from hybridrep.tracking.sqlite import database_path

if TYPE_CHECKING:
    from mlflow.entities import Run

PARTS_FOLDER = "study"
META_FILE = "meta.json"
SHOWN_STUDIES = 8


@dataclass(frozen=True)
class StudyRun:
    """One invocation of a study: its run, and what the run's tags say."""

    study: str
    simulation: str
    study_key: str
    status: str
    started: pd.Timestamp
    run_id: str


def search(
    server: Server, tags: Mapping[str, str], *, simulation: str | None = None,
    status: str | None = None, experiments: Sequence[str] | None = None, limit: int | None = None,
) -> list[Run]:  # fmt: skip
    """Return the runs that carry all these tags, the latest first.

    Values that MLflow's filters cannot express (with a quote or a backslash) are compared here,
    so any text is safe. The server's experiment is searched unless ids of others are given.
    """
    if simulation not in (None, names.FIRST_SIMULATION):  # whose runs may lack the tag
        tags = {**tags, names.SIMULATION: simulation}
    clauses = [f"attributes.status = '{status}'"] if status else []
    clauses += [f"tags.`{k}` = '{v}'" for k, v in tags.items() if not re.search(r"['\\]", v)]
    found: list[Run] = []
    token: str | None = None
    while True:
        page = server.client.search_runs(
            list(experiments or [server.experiment_id]),
            filter_string=" and ".join(clauses),
            order_by=["attributes.start_time DESC"],
            page_token=token,
        )
        found += [
            run
            for run in page
            if tags.items() <= run.data.tags.items()
            and simulation in (None, names.simulation_of(run.data.tags))
        ]
        token = page.token
        if not token or (limit is not None and len(found) >= limit):
            return found[:limit]


def study_runs(server: Server, name_or_key: str, simulation: str | None) -> list[StudyRun]:
    """Return all runs of a study, the latest first, by its name, its key, or a run's id.

    A key may be cut to six characters or more. A simulation of None stands for any.

    Raises:
        TrackingError: when there is none; names the studies that there are.
    """
    with readable_errors(server.uri, "looking for a study"):
        runs = search(server, {names.KIND: "study"})
    named = [study for study in map(study_of, runs) if _matches(study, name_or_key)]
    if wanted := [study for study in named if simulation in (None, study.simulation)]:
        return wanted
    studies = [study for study in map(study_of, runs) if simulation in (None, study.simulation)]
    known = list(dict.fromkeys(study.study for study in studies))[:SHOWN_STUDIES]
    there = f"there are: {', '.join(known)}" if known else "there are none yet: run `make full`"
    other = f", only one of the simulation {named[0].simulation!r}" if named else ""
    raise TrackingError(f"there is no study {name_or_key!r} in {_place(server)}{other}; {there}")


def find_study(
    server: Server, name_or_key: str, simulation: str | None, *, finished: bool = True
) -> StudyRun:
    """Return the latest of `study_runs`, by default of those that ran to their end.

    Raises:
        TrackingError: when there is none.
    """
    runs = study_runs(server, name_or_key, simulation)
    good = [study for study in runs if study.status == "FINISHED" or not finished]
    if good:
        return good[0]
    raise TrackingError(
        f"the study {name_or_key!r} in {_place(server)} never finished (its last run is "
        f"{runs[0].status}): run it again with the same parameters, it goes on from what is there"
    )


def _place(server: Server) -> str:
    return f"the experiment {server.experiment_name!r} at {server.place}"


def seed_runs(
    server: Server, study_key: str, simulation: str, *, status: str | None = "FINISHED"
) -> pd.DataFrame:
    """Return a study's seed runs as a table, one row a run, the latest first.

    Columns: `run_id`, `name`, `seed` (int), `status`, `cache_key`, `start_time` (UTC), and one
    for the last value of every metric, by the metric's name. A status of None stands for all.
    """
    with readable_errors(server.uri, "reading the seed runs"):
        tags = {names.KIND: "seed", names.STUDY_KEY: study_key}
        runs = search(server, tags, simulation=simulation, status=status)
    rows = [
        {
            "run_id": run.info.run_id,
            "name": run.info.run_name,
            "seed": int(run.data.params.get("seed", -1)),
            "status": run.info.status,
            "cache_key": run.data.tags.get(names.CACHE_KEY, ""),
            "start_time": pd.Timestamp(run.info.start_time, unit="ms", tz="UTC"),
            **run.data.metrics,
        }
        for run in runs
    ]
    columns = ["run_id", "name", "seed", "status", "cache_key", "start_time"]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)


def sweep_run(
    server: Server, simulation: str, *, name: str = "", study: str = ""
) -> tuple[str, str] | None:
    """Return run id and key of the latest finished sweep: by its key, run or run's name, or study.

    A key may be cut to six characters or more.
    """
    with readable_errors(server.uri, "looking for a sweep"):
        tags = {names.KIND: "stage", names.STAGE: "sweep"}
        runs = search(server, tags, simulation=simulation, status="FINISHED")
    for run in runs:
        tags = run.data.tags
        key = tags.get(names.STUDY_KEY, "")
        by_key = len(name) >= 6 and key.startswith(name)
        named = name in (run.info.run_id, run.info.run_name, key) or by_key
        if named or (study and tags.get(names.STUDY) == study):
            return str(run.info.run_id), key
    return None


def trial_runs(server: Server, key: str, simulation: str) -> list[tuple[int, Run]]:
    """Return the finished runs of a sweep's trials with their numbers, the latest last."""
    tags = {names.KIND: "trial", names.STUDY_KEY: key}
    with readable_errors(server.uri, "looking for the sweep's trials"):
        runs = search(server, tags, simulation=simulation, status="FINISHED")
    numbered = ((run.data.params.get("trial", ""), run) for run in reversed(runs))
    return [(int(trial), run) for trial, run in numbered if re.fullmatch(r"\d+", trial)]


def save_parts(
    server: Server, run_id: str, parts: Mapping[str, pd.DataFrame], meta: Mapping[str, Any]
) -> None:
    """Keep a study's tables in its run, as artifacts `study/NAME.parquet` and `study/meta.json`.

    Raises:
        TrackingError: when they cannot be written.
    """
    with (
        readable_errors(server.uri, "saving the study's tables"),
        tempfile.TemporaryDirectory(prefix="hybridrep-") as folder,
    ):
        for name, table in parts.items():
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(f"a part's name is lower-case letters and digits, got {name!r}")
            table.to_parquet(Path(folder) / f"{name}.parquet", index=False)
        text = json.dumps(dict(meta), indent=2, ensure_ascii=False)
        (Path(folder) / META_FILE).write_text(text, encoding="utf-8")
        server.client.log_artifacts(run_id, folder, PARTS_FOLDER)


def load_parts(server: Server, run_id: str) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Return what `save_parts` kept: the tables by name, and the meta data.

    Raises:
        TrackingError: when the run has none, or they are damaged.
    """
    with (
        readable_errors(server.uri, f"reading the tables of the study run {run_id}"),
        tempfile.TemporaryDirectory(prefix="hybridrep-") as folder,
    ):
        if not server.client.list_artifacts(run_id, PARTS_FOLDER):
            raise TrackingError(
                f"the run {run_id} at {server.place} holds no tables of a study: give the run of "
                "a finished study, or run the study again"
            )
        saved = Path(server.client.download_artifacts(run_id, PARTS_FOLDER, folder))
        try:
            meta = json.loads((saved / META_FILE).read_text(encoding="utf-8"))
            if not isinstance(meta, dict):
                raise ValueError(f"{META_FILE} holds no names and values")
            parts = {path.stem: pd.read_parquet(path) for path in sorted(saved.glob("*.parquet"))}
        except Exception as error:  # damaged JSON and Parquet raise errors of many kinds
            raise TrackingError(
                f"the tables of the study run {run_id} at {server.place} are damaged ({error}): "
                "run the study again, finished seeds are reused"
            ) from error
    return parts, meta


def load_file(server: Server, run_id: str, path: str) -> bytes | None:
    """Return a file that a run carries, or None where it carries no such file."""
    with (
        readable_errors(server.uri, f"reading {path} of the run {run_id}"),
        tempfile.TemporaryDirectory(prefix="hybridrep-") as folder,
    ):
        there = server.client.list_artifacts(run_id, str(PurePosixPath(path).parent))
        if path not in [each.path for each in there]:
            return None
        return Path(server.client.download_artifacts(run_id, path, folder)).read_bytes()


def load_folder(server: Server, run_id: str, folder: str) -> dict[str, bytes]:
    """Return the files that a run carries below a folder, by their paths from the run's root."""
    with (
        readable_errors(server.uri, f"reading {folder} of the run {run_id}"),
        tempfile.TemporaryDirectory(prefix="hybridrep-") as place,
    ):
        if not server.client.list_artifacts(run_id, folder):
            return {}
        saved = Path(server.client.download_artifacts(run_id, folder, place))
        files = {p.relative_to(saved).as_posix(): p for p in saved.rglob("*") if p.is_file()}
        return {f"{folder}/{name}": files[name].read_bytes() for name in sorted(files)}


def study_of(run: Run) -> StudyRun:
    """Return what a run's tags say of its study."""
    tags, info = run.data.tags, run.info
    study, key = tags.get(names.STUDY, ""), tags.get(names.STUDY_KEY, "")
    started = pd.Timestamp(info.start_time, unit="ms", tz="UTC")
    return StudyRun(study, names.simulation_of(tags), key, info.status, started, info.run_id)


def _matches(study: StudyRun, text: str) -> bool:
    by_prefix = len(text) >= 6 and study.study_key.startswith(text)
    return text in (study.run_id, study.study, study.study_key) or by_prefix


STUDY_COLUMNS = ("study", "simulation", "study_key", "status", "started", "run_id")


def list_studies(*, experiment: str = "hybridrep") -> pd.DataFrame:
    """Return all runs of studies, the latest first, with the columns `STUDY_COLUMNS`.

    Where they are looked for is what MLflow's own settings say: `mlflow.set_tracking_uri(...)`,
    `MLFLOW_TRACKING_URI`, else `mlflow.db` in the working directory.

    Args:
        experiment: where to look, unless `MLFLOW_EXPERIMENT_NAME` or `_ID` says so.

    Raises:
        TrackingError: there is no database or server.
    """
    server = existing_server(experiment)
    with readable_errors(server.uri, "listing the studies"):
        runs = search(server, {names.KIND: "study"})
    return pd.DataFrame([vars(study_of(run)) for run in runs], columns=list(STUDY_COLUMNS))


def existing_server(experiment: str) -> Server:
    """Connect without making anything: whoever reads must not leave an empty database behind.

    Raises:
        TrackingError: there is no database or server.
    """
    import mlflow

    path = database_path(mlflow.get_tracking_uri())
    if path is not None and not path.exists():
        raise TrackingError(
            f"there is no tracking database {path}: `mlflow.set_tracking_uri(...)` or "
            "MLFLOW_TRACKING_URI says where it is, e.g. sqlite:////home/ada/hybridrep/mlflow.db; "
            "`make full` makes one"
        )
    return open_server(experiment)
