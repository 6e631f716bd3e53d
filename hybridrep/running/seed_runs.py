"""hybridrep.running.seed_runs."""

from __future__ import annotations

from functools import partial

from hybridrep.running.invocation import (
    Invocation,
)
from hybridrep.studies.hybrid import pipeline
from hybridrep.studies.hybrid.results.gather import study_key
from hybridrep.studies.hybrid.results.seed_run import cache_key, seed_artifacts, seed_record


class SeedRuns:
    """Logs each seed as a run of its own as soon as all its results are stored.

    Attributes:
        ids: seed -> id of its finished run, new or found.
    """

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        inputs, store = invocation.inputs, invocation.store
        self._waiting = {
            seed: frozenset(pipeline.seed_keys(inputs, store, seed).values())
            for seed in inputs.config.seeds
        }
        self.ids: dict[int, str] = {}

    def log_complete(self, stored: frozenset[str]) -> None:
        """Log the seeds whose results are all among `stored` and that have no run yet.

        A run of before whose artifacts are gone is given them again.
        """
        inputs, store = self._invocation.inputs, self._invocation.store
        for seed in [seed for seed, keys in self._waiting.items() if keys <= stored]:
            del self._waiting[seed]
            tracker = self._invocation.tracker
            link = tracker.link(self._invocation.main.run_id)
            record = partial(seed_record, inputs, store, seed, link)
            found = tracker.find_finished("seed", study_key(inputs), cache_key(inputs, store, seed))
            if found:
                tracker.restore(found, seed_artifacts(inputs, store, seed), record)
            self.ids[seed] = found.run_id if found else tracker.log_finished(record())
