"""What a study has left behind, read without hybridrep or MLflow, and whether all of it is right.

The database is read as SQL and artifacts and results as files, so that a fault in the code that
writes them cannot hide itself when they are read.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from chaos.study import Study

Point = tuple[str, int, float | None]
"""A metric's key, step and value; None stands for NaN."""

STUDY_TABLES = ("seeds.json", "report/table_1.csv", "report/table_1.md", "study/")
"""The artifacts of a study's run that hold its tables, by how their paths begin."""


@dataclass(frozen=True)
class Run:
    """A run in MLflow's database.

    Attributes:
        points: every metric point, also equal ones.
        artifacts: path -> SHA-256.
    """

    run_id: str
    kind: str
    status: str
    seed: str
    cache_key: str
    points: tuple[Point, ...]
    artifacts: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.kind} run {self.run_id[:8]}" + (f" (seed {self.seed})" if self.seed else "")


@dataclass(frozen=True)
class Results:
    """All that a study has left behind.

    Attributes:
        runs: in any state.
        stored: `STAGE/KEY` -> file -> SHA-256 of its content.
        promised: the same as the manifests say it.
        left_over: half-written folders in the store.
    """

    runs: tuple[Run, ...]
    stored: Mapping[str, Mapping[str, str]]
    promised: Mapping[str, Mapping[str, str]]
    left_over: tuple[str, ...]

    def finished(self, kind: str) -> list[Run]:
        """Return the FINISHED runs of a kind."""
        return [run for run in self.runs if run.kind == kind and run.status == "FINISHED"]


def read(study: Study) -> Results:
    """Read what a study has left behind so far."""
    folders = study.entries()
    return Results(
        runs=tuple(_runs(study)),
        stored={_name(f): _digests(f, without="manifest.json") for f in folders},
        promised={_name(f): _promised(f) for f in folders},
        left_over=tuple(path.name for path in (study.store / ".tmp").glob("*")),
    )


def marks(study: Study) -> dict[str, tuple[int, int]]:
    """Return inode and time of each result's manifest: both change when it is made again."""
    stats = {_name(folder): (folder / "manifest.json").stat() for folder in study.entries()}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}


def problems(expected: Results, found: Results) -> list[str]:
    """Return everything in which a study differs from an undisturbed one; empty: nothing.

    Args:
        expected: of the undisturbed study.
        found: of the one that was disturbed and run again.
    """
    return [
        *_open_runs(found),
        *_seed_runs(expected, found),
        *_study_runs(expected, found),
        *_stored(expected, found),
    ]


def computed_again(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Return a problem for each result that was finished and was made again or lost.

    Args:
        before: `marks` of the results that were finished and whole.
        after: `marks` at the end.
    """
    return [
        f"{name[:30]} was finished and {'made again' if name in after else 'lost'}"
        for name, mark in before.items()
        if after.get(name) != mark
    ]


def _open_runs(found: Results) -> Iterator[str]:
    for run in found.runs:
        if run.status not in ("FINISHED", "FAILED", "KILLED"):
            yield f"{run} is {run.status} at the end"


def _seed_runs(expected: Results, found: Results) -> Iterator[str]:
    """Every seed is FINISHED once, and every FINISHED one is complete."""
    wanted = {run.cache_key: run for run in expected.finished("seed")}
    times = Counter(run.cache_key for run in found.finished("seed"))
    for key, run in wanted.items():
        if times[key] != 1:
            yield f"seed {run.seed} is FINISHED {times[key]} times"
    for run in found.finished("seed"):
        if run.cache_key not in wanted:
            yield f"{run} is FINISHED with results that no undisturbed seed has"
            continue
        yield from _points(run, wanted[run.cache_key])
        yield from _files(run, wanted[run.cache_key].artifacts, run.artifacts)


def _points(run: Run, wanted: Run) -> Iterator[str]:
    """Compare metric points; at most one line for each way in which they differ."""
    places = Counter((key, step) for key, step, _ in run.points)
    twice = [place for place, times in places.items() if times > 1]
    missing = Counter(wanted.points) - Counter(run.points)
    wrong = Counter(set(run.points)) - Counter(set(wanted.points))
    for what, points in (("twice", twice), ("missing", missing), ("wrong", wrong)):
        if points:
            yield f"{run} has {len(points)} metric points {what}, e.g. {next(iter(points))}"


def _study_runs(expected: Results, found: Results) -> Iterator[str]:
    """The study ends FINISHED, and each run of it that claims so has all its tables."""
    wanted = {p: d for p, d in expected.finished("study")[0].artifacts.items() if _is_table(p)}
    finished = found.finished("study")
    if not finished:
        yield "no run of the study is FINISHED"
    for run in finished:
        yield from _files(run, wanted, {p: d for p, d in run.artifacts.items() if _is_table(p)})


def _is_table(path: str) -> bool:
    return path.startswith(STUDY_TABLES) and path != "study/meta.json"  # that names the store


def _files(run: Run, wanted: Mapping[str, str], there: Mapping[str, str]) -> Iterator[str]:
    for path in sorted({*wanted, *there} - {"environment.json"}):
        if wanted.get(path) != there.get(path):
            word = "extra" if path not in wanted else "missing" if path not in there else "other"
            yield f"{run} has the artifact {path} {word}"


def _stored(expected: Results, found: Results) -> Iterator[str]:
    """The store holds the same results, and each is what its manifest says."""
    for name, digests in found.stored.items():
        if digests != found.promised[name]:
            yield f"the stored {name[:30]} is damaged"
    for name in sorted({*expected.stored, *found.stored}):
        if name.startswith("report/"):  # it names the store and the runs
            continue
        if expected.stored.get(name) != found.stored.get(name):
            yield f"the stored {name[:30]} is missing, extra or other"
    keys = Counter(name.partition("/")[2] for name in found.stored)
    yield from (f"the key {key[:12]} is stored twice" for key, n in keys.items() if n > 1)
    yield from (f"{name} is left in the store, half-written" for name in found.left_over)


def _name(folder: Path) -> str:
    return f"{folder.parents[1].name}/{folder.name}"


def _digests(folder: Path, without: str = "") -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != without
    }


def _promised(folder: Path) -> dict[str, str]:
    try:
        files = json.loads((folder / "manifest.json").read_bytes())["content"]["files"]
        return {name: record["sha256"] for name, record in files.items()}
    except (ValueError, KeyError):
        return {}


def _runs(study: Study) -> Iterator[Run]:
    with closing(sqlite3.connect(f"file:{study.database}?mode=ro", uri=True)) as db:
        runs = db.execute("SELECT run_uuid, status, experiment_id FROM runs").fetchall()
        for run_id, status, experiment in runs:
            tags = dict(db.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (run_id,)))
            params = dict(db.execute("SELECT key, value FROM params WHERE run_uuid = ?", (run_id,)))
            points = db.execute(
                "SELECT key, step, CASE WHEN is_nan THEN NULL ELSE value END "
                "FROM metrics WHERE run_uuid = ?",
                (run_id,),
            ).fetchall()
            yield Run(
                run_id=run_id,
                kind=tags.get("hybridrep.kind", ""),
                status=status,
                seed=params.get("seed", "") if "cache_key" in tags else "",
                cache_key=tags.get("cache_key", ""),
                points=tuple(points),
                artifacts=_digests(study.artifacts / str(experiment) / run_id / "artifacts"),
            )
