"""Register: the best autoencoder of each direction becomes models that can be loaded and served.

Chosen are single trained autoencoders, by a stated criterion on validation tweets; test tweets
have no say. The alias `best` moves only to what is better on the same data.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence

import pandas as pd
from rich.console import Console

from hybridrep.analysis.pareto import best_row
from hybridrep.errors import ExecutionError, TrackingError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.tasks import Task
from hybridrep.running import work
from hybridrep.running.invocation import print_plan
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import SIMULATION
from hybridrep.studies.hybrid.register.card import model_card
from hybridrep.studies.hybrid.register.chosen import Choice, ChosenModel
from hybridrep.studies.hybrid.register.logging import log_autoencoder_model, log_text_model
from hybridrep.studies.hybrid.register.source import CANDIDATE, Source, find_source
from hybridrep.studies.hybrid.results.seed_run import data_inputs
from hybridrep.studies.hybrid.sweep.config import RegisterConfig
from hybridrep.tracking import names
from hybridrep.tracking.models import LoggedModel
from hybridrep.tracking.records import Contents
from hybridrep.tracking.registry import Registration, Selection, ToRegister, register_models
from hybridrep.tracking.runs import connect
from hybridrep.tracking.server import Server


def run(config: RegisterConfig) -> pd.DataFrame:
    """Choose, check, log and register; nothing is registered unless all of it can be.

    Returns:
        What became of each model, one a row; of a plan the plan's table.

    Raises:
        HybridrepError: there is nothing finished to choose from, a model is not what was judged,
            or the registry fails.
    """
    tracker = connect(SIMULATION)
    source = find_source(config, tracker.server)
    # Where trainings are missing, only they will tell which model is the best.
    models = [] if source.tasks else _models(config, source)
    if config.plan:
        return print_plan(source.tasks or _tasks(models), source.prepared.store, config)
    tracker.close_stale_runs()
    study = source.prepared.inputs.config.study
    with tracker.main_run(
        "stage", f"{study} register", study=study, study_key=source.key,
        description=f"The best autoencoders of the {source.kind} **{study}** by `{config.by}`.",
        config=config.as_text(), tags={names.STAGE: "register"},
    ) as main:  # fmt: skip
        main.log(Contents(inputs=data_inputs(source.prepared.inputs)[:1]))
        if source.tasks:
            _compute(source, source.tasks)
            models = _models(config, source)
        _compute(source, _tasks(models))
        for model in models:
            model.verify()
        done = register_models(
            source.server,
            [make(config, source, model) for model in models for make in (_vectors, _text)],
        )
        table = pd.DataFrame([vars(each) for each in done])
        shown = source.candidates[list(CANDIDATE)]
        main.log(Contents(tables={"registered.json": table, "candidates.json": shown}))
        main.describe(_description(config, source, done))
    _print(done, source.server)
    return table


def _models(config: RegisterConfig, source: Source) -> list[ChosenModel]:
    return [
        ChosenModel(source.prepared, choice, share_text=config.share_text)
        for choice in choose(source)
    ]


def _tasks(models: Sequence[ChosenModel]) -> list[Task]:
    """Return what the models lack, each task once."""
    return list({task.label: task for model in models for task in model.tasks()}.values())


def _compute(source: Source, tasks: Sequence[Task]) -> None:
    """Make what is missing in the store.

    Raises:
        ExecutionError: naming the first that failed.
    """
    if not tasks:
        return
    outcome = work.compute(source.prepared.config, source.prepared.store, tasks)
    if outcome.failures:
        first = outcome.failures[0]
        raise ExecutionError(f"{first.label} failed: {first.reason}")


def choose(source: Source) -> list[Choice]:
    """Return the candidate of the highest value of each direction, the first of equals.

    Raises:
        TrackingError: no candidate of a direction has a value.
    """
    choices = []
    for direction, mine in source.candidates.groupby("direction", sort=True):
        place = best_row(mine["value"].to_numpy(dtype=float))
        if place is None:
            raise TrackingError(
                f"no {direction} autoencoder of the {source.kind} {source.key[:12]} has a value "
                "of this criterion: choose another with by=..."
            )
        row = mine.iloc[place]
        choices.append(
            Choice(
                variant=row["variant"],
                epoch=int(row["epoch"]),
                seed=int(row["seed"]),
                value=float(row["value"]),
                run_id=str(row["run_id"]),
                candidates=len(mine),
            )
        )
    return choices


def data_fingerprint(inputs: Inputs) -> str:
    """Identify what scores were measured on; only equal ones can be compared.

    No version of code or libraries is part of it: a better model made by newer ones is better.
    """
    return content_key(
        {
            "tweets": inputs.emotion.fingerprint,
            "word_vectors": inputs.vectors_fingerprint,
            "time_steps": inputs.time_steps,
            "padding": inputs.config.padding,
            "encoder": inputs.encoder.fingerprint,
            "items": inputs.config.items_per_emotion,
        }
    )


def _selection(
    config: RegisterConfig, source: Source, model: ChosenModel, *, text: bool
) -> Selection:
    choice = model.choice
    name = f"hybridrep-{model.direction.replace('_', '-')}"
    return Selection(
        name=f"{name}-text" if text else name,
        run_id=choice.run_id,
        seed=choice.seed,
        bottleneck=choice.variant.bottleneck,
        study_key=source.key,
        selected_by=config.by,
        score=choice.value,
        data_fingerprint=data_fingerprint(source.prepared.inputs),
        digest=model.text_digest if text else model.digest,
        card=model_card(model, source, config.by, text=text),
        share_text=None if text else model.share_text,
        tags={
            "direction": model.direction,
            "epoch": str(choice.epoch),
            "source": source.kind,
            "synthetic_data": str(source.prepared.inputs.emotion.synthetic).lower(),
        },
    )


def _vectors(config: RegisterConfig, source: Source, model: ChosenModel) -> ToRegister:
    selection = _selection(config, source, model, text=False)

    def log() -> LoggedModel:
        vectors, expected = model.example()
        return log_autoencoder_model(
            source.server, selection.run_id, _logged_name(model), model.autoencoder, vectors,
            expected, selection.tags,
        )  # fmt: skip

    return selection, log


def _text(config: RegisterConfig, source: Source, model: ChosenModel) -> ToRegister:
    selection = _selection(config, source, model, text=True)

    def log() -> LoggedModel:
        return log_text_model(
            source.server, selection.run_id, f"{_logged_name(model)}-text", model.autoencoder,
            model.parts, model.text_example(), tags=selection.tags,
        )  # fmt: skip

    return selection, log


def _logged_name(model: ChosenModel) -> str:
    return f"{model.direction}-b{model.choice.variant.bottleneck}"


def _description(config: RegisterConfig, source: Source, done: list[Registration]) -> str:
    lines = [f"- `{each.uri}`, version {each.version}: {each.reason}" for each in done]
    return (
        f"The best autoencoders of the {source.kind} **{source.prepared.inputs.config.study}** by "
        f"`{config.by}` on validation tweets that no model saw:\n\n" + "\n".join(lines)
    )


def _print(done: list[Registration], server: Server) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for each in done:
        console.print(f"{each.uri} (version {each.version}): {each.reason}")
    texts = [each.uri for each in done if each.name.endswith("-text")]
    mlflow = shutil.which("mlflow") or "mlflow"
    address, program, model = map(shlex.quote, (server.place, mlflow, texts[0]))
    console.print(
        f"Serve one:\n  MLFLOW_TRACKING_URI={address} \\\n  {program} models serve "
        f"-m {model} --env-manager local --port 5001",
        markup=False,
    )
