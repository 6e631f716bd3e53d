"""The entry point `nback_decode`: the study's networks, or states recorded elsewhere."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from hybridrep.errors import ParameterError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.terminal import show
from hybridrep.parameters import user_path
from hybridrep.reporting.formatting import number
from hybridrep.reporting.markup import code
from hybridrep.running.study_run import run_stage
from hybridrep.studies.nback.decoding.config import DecodeConfig
from hybridrep.studies.nback.decoding.recorded import RecordedReadings, read_recorded
from hybridrep.studies.nback.decoding.recordings import Recording, read_recording
from hybridrep.studies.nback.names import SIMULATION
from hybridrep.studies.nback.study import NBACK
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import connect

SHOWN = ("balanced", "permuted", "across", "predicted")
"""What of a recording is printed: means over stimuli and times."""


def run(config: DecodeConfig) -> Any:
    """Decode the study's networks, or recorded states.

    Returns:
        The tables of the stage; of recorded states `decoding` and `cross_task`, by name; of a plan
        the plan's.
    """
    if config.states:
        return decode_recorded(config)
    if config.labels:
        raise ParameterError("parameter labels: it goes with recorded states: give states=FILE too")
    return run_stage(NBACK, "nback_decode", config)


def decode_recorded(config: DecodeConfig) -> dict[str, pd.DataFrame]:
    """Decode recorded states into a run of kind `stage`."""
    recording = read_recording(config.states, config.labels)
    described = _described(recording)
    if config.plan:
        show(f"Plan: nothing is run. {described}")
        return {"recording": pd.DataFrame([{"trials": len(recording.task)}])}
    found = read_recorded(recording, config.penalty, config.scaling, config.seeds[0])
    digest = hashlib.sha256(user_path(config.states).read_bytes()).hexdigest()
    key = content_key({"recorded": digest, "penalty": config.penalty, "scaling": config.scaling})
    with connect(SIMULATION).main_run(
        "stage", f"{config.study} nback_decode of recorded states", study=config.study,
        study_key=key, description=f"Decoders on {code(config.states)}. {described}",
        config=config.as_text(),
    ) as main:  # fmt: skip
        main.log(_contents(found))
    show(_printed(found.decoding))
    tables = {"decoding": found.decoding, "cross_task": found.cross_task}
    return {name: table for name, table in tables.items() if len(table)}


def _described(recording: Recording) -> str:
    trials, times, units = recording.states.shape
    features = ", ".join(f"{name} ({len(each)})" for name, each in recording.values.items())
    return (
        f"{trials:,} trials ({int(recording.tested.sum()):,} tested) of {len(recording.tasks)} "
        f"tasks, {times} times, {units} units; {len(recording.onsets)} stimuli, values of "
        f"{features}."
    )


def _contents(found: RecordedReadings) -> Contents:
    stream = io.BytesIO()
    np.savez_compressed(stream, **found.decoders)  # type: ignore[arg-type]
    tables = {"tables/recorded_decoding.json": found.decoding}
    if len(found.cross_task):
        tables["tables/recorded_cross_task.json"] = found.cross_task
    return Contents(tables=tables, files={"recorded/decoders.npz": stream.getvalue()})


def _printed(decoding: pd.DataFrame) -> Table:
    made = Table(
        title="Balanced accuracy of what each task’s states hold", title_justify="left",
        box=box.SIMPLE_HEAD, caption="balanced: decoders fitted and tested at one time; permuted: "
        "with shuffled labels; across: of a stimulus’ own time, at later ones; predicted: what "
        "agreement of labels alone gives that. Chance 0.5", caption_justify="left",
    )  # fmt: skip
    for heading in ("task", "decoded", *SHOWN):
        made.add_column(heading, justify="left" if heading in ("task", "decoded") else "right")
    own = decoding[(decoding["measure"] != "across") | (decoding["time"] > decoding["stimulus"])]
    mean = own.groupby(["task", "decoded", "measure"], sort=False)["score"].mean()
    for task, decoded in dict.fromkeys(zip(own["task"], own["decoded"], strict=True)):
        cells = (number(mean.get((task, decoded, name), np.nan)) for name in SHOWN)
        made.add_row(task, decoded, *cells)
    return made
