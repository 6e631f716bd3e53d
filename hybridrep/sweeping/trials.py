"""A sweep's trials as runs in MLflow: each once, however often the sweep was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.studies.hybrid.results.seed_run import data_inputs
from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.sweep.objectives import OBJECTIVES
from hybridrep.studies.hybrid.sweep.space import Point
from hybridrep.studies.hybrid.sweep.training import Trainings
from hybridrep.sweeping.attempts import Attempt
from hybridrep.sweeping.search import Search
from hybridrep.tracking import names
from hybridrep.tracking.queries import search as search_runs
from hybridrep.tracking.records import METRIC_COLUMNS, RunRecord
from hybridrep.tracking.runs import Tracker
from hybridrep.tracking.server import readable_errors


class TrialLog:
    """Writes finished trials into the experiment `EXPERIMENT-sweep`.

    Args:
        config: the sweep's.
        trainings: where its values come from.
        sweep_key: identifies the sweep.
        tracker: of the sweep's main run.
    """

    def __init__(
        self,
        config: SweepConfig,
        trainings: Trainings,
        sweep_key: str,
        tracker: Tracker,
    ) -> None:
        self.tracker = tracker.sibling("sweep")
        self._config, self._trainings = config, trainings
        self._inputs = trainings.study.inputs
        self._sweep_key = sweep_key
        self._seen: set[tuple[str, int]] = set()
        self._known: dict[str, str] = {}

    def log_own(self, search: Search, attempts: Sequence[Attempt]) -> None:
        """Log those of a direction's trials that this process has ended."""
        self._log(search, attempts, search.is_mine)

    def log_left(self, search: Search, attempts: Sequence[Attempt]) -> None:
        """Log what no process has logged and none will: it died between telling and logging.

        Looks up which trials have a run by now.
        """
        tags = {names.KIND: "trial", names.STUDY_KEY: self._sweep_key}
        with readable_errors(self.tracker.server.uri, "looking for the sweep's trials"):
            runs = search_runs(
                self.tracker.server, tags, simulation=self.tracker.simulation, status="FINISHED"
            )
        self._known |= {r.data.tags.get(names.CACHE_KEY, ""): r.info.run_id for r in runs}
        self._log(search, attempts, lambda a: search.is_mine(a) or search.is_abandoned(a))

    def _log(
        self, search: Search, attempts: Sequence[Attempt], wanted: Callable[[Attempt], bool]
    ) -> None:
        for place, attempt in enumerate(attempts):
            mark = (search.direction, attempt.key)
            if mark in self._seen or not attempt.is_final or attempt.point is None:
                continue
            key = self._cache_key(search, attempt)
            if key not in self._known and wanted(attempt):
                record = self._record(search, attempt, attempt.point, place, key)
                self._known[key] = self.tracker.log_finished(record)
            if key in self._known:
                self._seen.add(mark)

    def _cache_key(self, search: Search, attempt: Attempt) -> str:
        return content_key(
            {
                "sweep": self._sweep_key,
                "direction": search.direction,
                "trial": attempt.key,
                "point": vars(attempt.point) if attempt.point else {},
                "state": attempt.state,
                "layout": code_version(__name__),
            }
        )

    def _record(
        self, search: Search, attempt: Attempt, point: Point, place: int, cache_key: str
    ) -> RunRecord:
        config = self._config
        varied = {name: str(value) for name, value in vars(point).items()}
        chosen = ", ".join(f"{name} {vars(point)[name]}" for name in search.space.varied)
        synthetic = " **Synthetic data.**" if self._inputs.emotion.synthetic else ""
        return RunRecord(
            name=f"{config.study} {search.direction} trial {place}",
            kind="trial",
            description=(
                f"Trial {place} of the sweep **{config.study}**, {search.direction}: "
                f"{chosen or 'the only point'}.{synthetic} Objectives are means over "
                f"{len(config.seeds)} seeds on validation tweets that no model saw; step = epoch. "
                f"{attempt.note}"
            ),
            params={
                "direction": search.direction,
                **varied,
                "trial": str(place),
                "state": attempt.state,
                "seeds": config.as_text()["seeds"],
                "sampler": config.sampler,
                "objective": config.objective,
            },
            tags={
                names.STUDY: config.study,
                names.STUDY_KEY: self._sweep_key,
                names.CACHE_KEY: cache_key,
            },
            metrics=self._metrics(search, attempt, point),
            inputs=data_inputs(self._inputs)[:1],
        )

    def _metrics(self, search: Search, attempt: Attempt, point: Point) -> pd.DataFrame:
        """Return the objectives' curves up to the trial's epochs, and each seed's final values."""
        last = attempt.measures.get("epoch")
        if last is None:
            return pd.DataFrame(columns=list(METRIC_COLUMNS))
        variant = self._trainings.variant(search.direction, point, last)
        if not self._trainings.is_stored(variant):  # removed from the store since
            known = [(n, attempt.measures[n], last) for n in OBJECTIVES]
            return pd.DataFrame(known, columns=list(METRIC_COLUMNS)).dropna(subset="value")
        wide = self._trainings.curves(variant)
        wide = wide[wide["epoch"] <= last]
        names_ = [name for name in wide.columns if name != "epoch"]
        values = self._trainings.measures(variant)
        final = values[values["epoch"] == last]
        per_seed = [f"{name}/seed_{seed}" for name in OBJECTIVES for seed in final["seed"]]
        points = pd.DataFrame(
            {
                "key": [*np.repeat(names_, len(wide)), *per_seed],
                "value": np.concatenate(
                    [*(wide[name] for name in names_), *(final[name] for name in OBJECTIVES)]
                ),
                "step": np.concatenate(
                    [np.tile(wide["epoch"], len(names_)), np.full(len(per_seed), last)]
                ),
            }
        )
        return points[np.isfinite(points["value"])]
