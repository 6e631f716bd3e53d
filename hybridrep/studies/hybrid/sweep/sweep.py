"""Sweep: which bottleneck size, number of epochs and further choices serve an objective best.

Each direction is searched by itself, by Optuna, over trainings that the store shares between
trials. A sweep that was stopped, however hard, goes on when it is started again.
"""

from __future__ import annotations

import time
from typing import Any

import pandas as pd

from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.schedule import Failure, Outcome
from hybridrep.execution.terminal import printed_last
from hybridrep.execution.workers import Workers
from hybridrep.running import work
from hybridrep.running.invocation import check, print_plan, refuse_incomplete
from hybridrep.running.stage import Node, tasks_of
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import SIMULATION
from hybridrep.studies.hybrid.results import gather
from hybridrep.studies.hybrid.results.schema import frame
from hybridrep.studies.hybrid.results.seed_run import data_inputs
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.sweep import training
from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.sweep.objectives import OBJECTIVES
from hybridrep.studies.hybrid.sweep.report import contents, printed, summary
from hybridrep.studies.hybrid.sweep.results import TERMS, SweepResults, sweep_results
from hybridrep.studies.hybrid.sweep.space import space_of, variant_of
from hybridrep.studies.hybrid.sweep.training import Trainings, rungs
from hybridrep.studies.hybrid.transformation import baseline
from hybridrep.sweeping.run import Clock, SweepRun, foreseen
from hybridrep.sweeping.search import Rules, Search
from hybridrep.sweeping.storage import open_own, open_study, public_storage
from hybridrep.sweeping.tables import importance_table
from hybridrep.sweeping.trials import TrialContents, TrialLog
from hybridrep.tracking import names
from hybridrep.tracking.pages import where_to_look
from hybridrep.tracking.process import is_gone, process_tags
from hybridrep.tracking.queries import save_parts
from hybridrep.tracking.records import METRIC_COLUMNS, Contents
from hybridrep.tracking.runs import MainRun, Tracker, connect


def run(config: SweepConfig) -> SweepResults | pd.DataFrame:
    """Run a sweep to its end, or go on with one that was stopped; of a plan return its table."""
    prepared = check(HYBRID, config.training(), directions=config.directions)
    trainings = sweep_trainings(config, prepared)
    if config.plan:
        return _print_plan(config, trainings)
    key = sweep_key(config, trainings)
    searches, storage = _open(config, trainings, key)
    tracker = connect(SIMULATION)
    tracker.close_stale_runs()
    with printed_last() as later, work.open_workers(config) as workers, tracker.main_run(
        "stage", f"{config.study} sweep", study=config.study, study_key=key,
        description=f"The sweep **{config.study}** is at work.", config=_config_text(config),
        tags={names.STAGE: "sweep"},
    ) as main:  # fmt: skip
        main.log(Contents(inputs=data_inputs(prepared.inputs)[:1]))
        started, clock = time.perf_counter(), Clock()
        trials = TrialLog(config.study, key, _trial_contents(config, trainings), tracker)
        sweep_run = SweepRun(
            searches, storage, trainings, workers, batch=config.batch, timeout=config.timeout,
            shared=bool(config.storage), log_own=trials.log_own, log_left=trials.log_left,
            clock=clock,
        )  # fmt: skip
        sweep_run.work()
        sweep_run.failures += _fit_baselines(trainings, workers)
        workers.close()
        results = _results(config, searches, trainings)
        importance = importance_table(searches, TERMS)
        main.log(contents(config, prepared.inputs, results, importance))
        times = clock.points(time.perf_counter() - started, len(results.trials))
        main.log(Contents(metrics=pd.DataFrame(times, columns=list(METRIC_COLUMNS))))
        _save(tracker, main, config, key, results)
        main.describe(summary(config, prepared.inputs, results))
        later.say(*printed(config, results), where_to_look(tracker.server, main.run_id))
        refuse_incomplete(Outcome(frozenset(), frozenset(), tuple(sweep_run.failures)))
        return results


def sweep_key(config: SweepConfig, trainings: Trainings) -> str:
    """Identify a sweep: what it searches, how, and on which data."""
    return content_key(search_space(config, trainings))


def search_space(config: SweepConfig, trainings: Trainings) -> dict[str, Any]:
    """Describe a sweep so that another one can be told apart, in JSON's types.

    The number of trials, where they run and how many at a time are no part of it: a sweep goes
    on with more trials, or on other machines.
    """
    own = [name for name in SweepConfig.__annotations__ if name not in ("batch", "storage")]
    described = {name: getattr(config, name) for name in ("study", *own)}
    # A training's key covers corpora, encoder, word vectors, LSTMs and all code behind them.
    variant = variant_of("bert_to_lstm", space_of(config).grid()[0], trainings.rungs[-1])
    return {
        **{n: list(v) if isinstance(v, tuple) else v for n, v in described.items()},
        "autoencoder_epochs": config.as_text()["autoencoder_epochs"],
        "data": content_key({"trainings": [node.key for node in trainings.nodes(variant)]}),
    }


def sweep_trainings(config: SweepConfig, prepared: Hybrid) -> Trainings:
    """Return the trainings that a sweep's trials read."""
    return Trainings(prepared, rungs(config.autoencoder_epochs, config.prune))


def _open(config: SweepConfig, trainings: Trainings, key: str) -> tuple[list[Search], Any]:
    """Open the storage and one study a direction; refuse one of another search first."""
    described, root = search_space(config, trainings), trainings.study.store.root
    storage = open_own(config.storage, root, key, described, _titles(config).values())
    return _searches(config, described, storage), storage


def _titles(config: SweepConfig) -> dict[str, str]:
    return {direction: f"{config.study} {direction}" for direction in config.directions}


def _searches(config: SweepConfig, described: dict[str, Any], storage: Any) -> list[Search]:
    """Open one study a direction in a storage."""
    titles = _titles(config)
    objectives = OBJECTIVES if config.objective == "both" else (config.objective,)
    share, rest = divmod(config.trials, len(titles))
    return [
        Search(
            direction, open_study(storage, title, described, len(objectives)), space_of(config),
            Rules(config.sampler, share + (number < rest), objectives), process_tags(), is_gone,
        )
        for number, (direction, title) in enumerate(titles.items())
    ]  # fmt: skip


def _config_text(config: SweepConfig) -> dict[str, str]:
    return {**config.as_text(), "storage": public_storage(config.storage)}


def _trial_contents(config: SweepConfig, trainings: Trainings) -> TrialContents:
    """Say what the runs of the trials hold."""
    inputs = trainings.study.inputs
    synthetic = "**Synthetic data.** " if inputs.emotion.synthetic else ""
    return TrialContents(
        part=TERMS.part,
        remark=(
            f"{synthetic}Objectives are means over {len(config.seeds)} seeds on validation tweets "
            "that no model saw; step = epoch."
        ),
        params={
            "seeds": config.as_text()["seeds"], "sampler": config.sampler,
            "objective": config.objective,
        },
        inputs=data_inputs(inputs)[:1], metrics=trainings.metrics, code=training.__name__,
    )  # fmt: skip


def _fit_baselines(trainings: Trainings, workers: Workers) -> tuple[Failure, ...]:
    """Fit the linear baselines that stand beside the autoencoders."""
    study = trainings.study
    missing = work.missing_tasks([_baselines(study)], study.store)
    return work.compute(study.config, study.store, missing, workers=workers).failures


def _baselines(study: Hybrid) -> list[Node]:
    return [baseline.node(study, seed) for seed in study.config.seeds]


def _results(config: SweepConfig, searches: list[Search], trainings: Trainings) -> SweepResults:
    study = trainings.study
    parts = [
        gather.linear_baseline(study, node.seed).assign(seed=node.seed)
        for node in _baselines(study)
        if node.seed is not None and study.has(node)
    ]
    linear = frame("linear_baseline", pd.concat(parts, ignore_index=True) if parts else ())
    return sweep_results(searches, trainings, space_of(config), linear)


def _save(
    tracker: Tracker, main: MainRun, config: SweepConfig, key: str, results: SweepResults
) -> None:
    """Keep the tables in the sweep's run, for `register` and for anyone."""
    parts = {
        "trials": results.trials, "seeds": results.seeds, "best": results.best,
        "rsa": results.rsa, "linear_baseline": results.linear, "by_size": results.by_size,
        "effects": results.effects,
    }  # fmt: skip
    meta = {
        "sweep": config.study, "study_key": key, "config": _config_text(config),
        "sentence": results.sentence,
    }  # fmt: skip
    save_parts(tracker.server, main.run_id, parts, meta)


def _print_plan(config: SweepConfig, trainings: Trainings) -> pd.DataFrame:
    """Print what a sweep would train, as far as it can be known before (see `foreseen`)."""
    from optuna.storages import InMemoryStorage

    variants = [
        trainings.of(*each, trainings.rungs[-1])
        for search in _searches(config, search_space(config, trainings), InMemoryStorage())
        for each in foreseen(search, trainings, config.batch, search.wanted)
    ]
    tasks = trainings.tasks(variants)
    baselines = tasks_of(_baselines(trainings.study))
    return print_plan([*tasks, *baselines], trainings.study.store, config)
