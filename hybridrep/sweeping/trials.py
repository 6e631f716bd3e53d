"""A sweep's trials as runs in MLflow: each once, however often the sweep was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.sweeping.attempts import Attempt
from hybridrep.sweeping.search import Search
from hybridrep.sweeping.space import Point
from hybridrep.tracking import names
from hybridrep.tracking.queries import search as search_runs
from hybridrep.tracking.records import DataInput, RunRecord
from hybridrep.tracking.runs import Tracker
from hybridrep.tracking.server import readable_errors


@dataclass(frozen=True)
class TrialContents:
    """What the runs of a sweep's trials hold beside what every sweep's do."""

    part: str  # name of the parameter that tells the searches apart
    remark: str  # what their descriptions say of the objectives
    params: Mapping[str, str]
    inputs: tuple[DataInput, ...]
    metrics: Callable[[str, Attempt], pd.DataFrame]  # a part's attempt -> points (key, value, step)
    code: str  # module whose code decides what `metrics` returns


class TrialLog:
    """Writes finished trials into the experiment `EXPERIMENT-sweep`."""

    def __init__(
        self, title: str, sweep_key: str, contents: TrialContents, tracker: Tracker
    ) -> None:
        self.tracker = tracker.sibling("sweep")
        self._title, self._sweep_key, self._contents = title, sweep_key, contents
        self._seen: set[tuple[str, int]] = set()
        self._known: dict[str, str] = {}

    def log_own(self, search: Search) -> None:
        """Log those of a search's trials that this process has ended."""
        self._log(search, search.is_mine)

    def log_left(self, search: Search) -> None:
        """Log what no process has logged and none will: it died between telling and logging."""
        tags = {names.KIND: "trial", names.STUDY_KEY: self._sweep_key}
        with readable_errors(self.tracker.server.uri, "looking for the sweep's trials"):
            runs = search_runs(
                self.tracker.server, tags, simulation=self.tracker.simulation, status="FINISHED"
            )
        self._known |= {r.data.tags.get(names.CACHE_KEY, ""): r.info.run_id for r in runs}
        self._log(search, lambda a: search.is_mine(a) or search.is_abandoned(a))

    def _log(self, search: Search, wanted: Callable[[Attempt], bool]) -> None:
        for place, attempt in enumerate(search.attempts()):
            mark = (search.part, attempt.key)
            if mark in self._seen or not attempt.is_final or attempt.point is None:
                continue
            key = self._cache_key(search, attempt, attempt.point)
            if key not in self._known and wanted(attempt):
                record = self._record(search, attempt, attempt.point, place, key)
                self._known[key] = self.tracker.log_finished(record)
            if key in self._known:
                self._seen.add(mark)

    def _cache_key(self, search: Search, attempt: Attempt, point: Point) -> str:
        return content_key(
            {
                "sweep": self._sweep_key, self._contents.part: search.part, "trial": attempt.key,
                "point": point, "state": attempt.state,
                "layout": [code_version(__name__), code_version(self._contents.code)],
            }
        )  # fmt: skip

    def _record(
        self, search: Search, attempt: Attempt, point: Point, place: int, cache_key: str
    ) -> RunRecord:
        contents, title = self._contents, self._title
        chosen = ", ".join(f"{name} {point[name]}" for name in search.space.varied)
        return RunRecord(
            name=f"{title} {search.part} trial {place}", kind="trial",
            description=(
                f"Trial {place} of the sweep **{title}**, {search.part}: "
                f"{chosen or 'the only point'}. {contents.remark} {attempt.note}"
            ),
            params={
                contents.part: search.part, **{name: str(value) for name, value in point.items()},
                "trial": str(place), "state": attempt.state, **contents.params,
            },
            tags={names.STUDY: title, names.STUDY_KEY: self._sweep_key, names.CACHE_KEY: cache_key},
            metrics=contents.metrics(search.part, attempt), inputs=contents.inputs,
        )  # fmt: skip
