"""Seeds logged as they finish, each as a run of its own, and pages on which they are compared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from hybridrep.execution.claims import Claims
from hybridrep.running.study import Invocation, Prepared, Study
from hybridrep.tracking import names
from hybridrep.tracking.pages import as_links, keep_views, study_pages
from hybridrep.tracking.records import RunRecord, config_params
from hybridrep.tracking.server import readable_errors

MOST_COLUMNS = 8
"""Metrics in a table of seeds, of a study that names none itself."""


class SeedRuns:
    """Logs each seed as a run of its own as soon as all its results are stored."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        study, prepared = invocation.study, invocation.prepared
        self._waiting = {
            seed: frozenset(study.complete(prepared, seed).values())
            for seed in prepared.config.seeds
        }
        self.ids: dict[int, str] = {}  # seed -> id of its finished run, new or found

    def log_complete(self, stored: frozenset[str]) -> None:
        """Log the seeds whose results are all among `stored` and that have no run yet.

        A run of before whose artifacts are gone is given them again.
        """
        study, prepared = self._invocation.study, self._invocation.prepared
        tracker = self._invocation.tracker
        study_key, claims = study.key(prepared.inputs), Claims(prepared.store.root)
        link = tracker.link(self._invocation.main.run_id)
        for seed in [seed for seed, keys in self._waiting.items() if keys <= stored]:
            del self._waiting[seed]
            record = partial(seed_record, study, prepared, seed, link)
            cache_key = study.cache_key(prepared, seed)
            with claims.held([cache_key]):  # another command may be logging it just now
                run = tracker.find_finished("seed", study_key, cache_key)
                if run:
                    tracker.restore(run, study.seed_artifacts(prepared, seed), record)
                self.ids[seed] = run.run_id if run else tracker.log_finished(record())


def link_pages(invocation: Invocation, seed_runs: Mapping[int, str]) -> None:
    """Keep views of a study's seeds in MLflow's UI, and link them in the note of its run."""
    study, inputs, main = invocation.study, invocation.prepared.inputs, invocation.main
    server = invocation.tracker.server
    with readable_errors(server.uri, "reading a seed's run"):
        metrics = server.client.get_run(next(iter(seed_runs.values()))).data.metrics
    first = tuple(name for name in study.highlights(inputs) if name in metrics)
    first = first or tuple(sorted(metrics)[:MOST_COLUMNS])
    keep_views(server, study.key(inputs), first, metrics)
    pages = study_pages(
        server, study_key=study.key(inputs), run_id=main.run_id,
        seed_runs=[run for _, run in sorted(seed_runs.items())],
    )  # fmt: skip
    main.describe(f"{main.description}\n\n**In MLflow's UI**\n\n{as_links(pages)}")


def seed_record(study: Study, prepared: Prepared[Any], seed: int, study_link: str) -> RunRecord:
    """Lay out a complete seed as a run: parameters, tags, and what the study says it holds."""
    config = prepared.config
    contents = study.seed_contents(prepared, seed)
    return RunRecord(
        name=f"{config.study} seed {seed}", kind="seed",
        description=study.describe_seed(prepared.inputs, seed, study_link),
        params={"seed": str(seed), **config_params(config.as_text())},
        tags={
            names.STUDY: config.study, names.STUDY_KEY: study.key(prepared.inputs),
            names.CACHE_KEY: study.cache_key(prepared, seed),
        },
        metrics=contents.metrics, tables=contents.tables, files=contents.files,
        inputs=study.data(prepared.inputs),
    )  # fmt: skip
