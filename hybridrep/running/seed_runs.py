"""Seeds logged as they finish, each as a run of its own."""

from __future__ import annotations

from functools import partial

from hybridrep.running.study import Invocation


class SeedRuns:
    """Logs each seed as a run of its own as soon as all its results are stored.

    Attributes:
        ids: seed -> id of its finished run, new or found.
    """

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        study, prepared = invocation.study, invocation.prepared
        self._waiting = {
            seed: frozenset(study.complete(prepared, seed).values())
            for seed in prepared.config.seeds
        }
        self.ids: dict[int, str] = {}

    def log_complete(self, stored: frozenset[str]) -> None:
        """Log the seeds whose results are all among `stored` and that have no run yet.

        A run of before whose artifacts are gone is given them again.
        """
        study, prepared = self._invocation.study, self._invocation.prepared
        tracker = self._invocation.tracker
        study_key = study.key(prepared.inputs)
        link = tracker.link(self._invocation.main.run_id)
        for seed in [seed for seed, keys in self._waiting.items() if keys <= stored]:
            del self._waiting[seed]
            record = partial(study.seed_record, prepared, seed, link)
            run = tracker.find_finished("seed", study_key, study.cache_key(prepared, seed))
            if run:
                tracker.restore(run, study.seed_artifacts(prepared, seed), record)
            self.ids[seed] = run.run_id if run else tracker.log_finished(record())
