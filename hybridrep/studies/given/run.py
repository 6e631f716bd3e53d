"""The entry point `measure`: representations from files, compared, into one run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from rich.console import Console

from hybridrep.errors import ParameterError
from hybridrep.execution.code_version import fix_code_versions
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve_path, shown
from hybridrep.reporting.markup import plain
from hybridrep.sources.vectors import manifest
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given.aligned import SIMULATION, Aligned, digest_of
from hybridrep.studies.given.asked import Asked, asked_for
from hybridrep.studies.given.comparing import pairs_with_repeats
from hybridrep.studies.given.comparison import Comparison, compared
from hybridrep.studies.given.config import MeasureConfig
from hybridrep.studies.given.export import exports
from hybridrep.studies.given.names import DESIGN_TAG, ITEMS_TAG, KIND, PRIMARY_TAG, metric
from hybridrep.studies.given.report import page
from hybridrep.studies.given.sample import sample
from hybridrep.tracking.records import Contents, DataInput
from hybridrep.tracking.runs import connect

STUDY = "study:"
"""What the name of a finished study begins with among representations."""
DESIGN = "items resampled; representations fixed"


def no_studies(name: str) -> list[Representation]:
    """Refuse studies where nobody has said how they are read."""
    raise ParameterError(f"parameter representations: studies ({name}) cannot be read here")


def run(
    config: MeasureConfig, study: Callable[[str], list[Representation]] = no_studies
) -> Comparison | pd.DataFrame:
    """Compare what the parameters name, log it as a run of kind `measure`, and return it.

    With `plan` only what would be measured is printed and returned.

    Args:
        config: the parameters.
        study: returns the representations of a finished study, by its name.

    Raises:
        HybridrepError: before any long work, naming the file, id or row.
    """
    asked = _asked(config, _read(config, study))
    if config.plan:
        return _plan(asked)
    together = asked.given
    fix_code_versions("hybridrep.studies")
    store = Store(resolve_path(config.store))
    store.check_writable()
    tracker = connect(SIMULATION)
    tracker.close_stale_runs()
    key = content_key({n: together.digest(n) for n in together.names})
    with tracker.main_run(
        KIND, f"{config.study} measure", study=config.study, study_key=key,
        description=_description(together), config=config.as_text(),
        tags={
            PRIMARY_TAG: asked.primary,
            ITEMS_TAG: str(len(together.ids)), DESIGN_TAG: DESIGN,
        },
    ) as main:  # fmt: skip
        main.log(Contents(inputs=_inputs([*together.representations, *asked.said])))
        found = compared(
            asked, config.resamples, config.permutations, config.correction, store, config.identify
        )
        tables = {f"tables/{name}.json": table for name, table in found.tables.items()}
        main.log(
            Contents(
                metrics=_metrics(found.pairs), tables=tables,
                files={"report/measure.html": page(found), **exports(found, config.export)},
            )
        )  # fmt: skip
    _say(found)
    return found


def _read(
    config: MeasureConfig, study: Callable[[str], list[Representation]]
) -> list[Representation]:
    if config.representations == "sample":
        return sample()
    parts = [part.strip() for part in config.representations.split(",")]
    names = [part.removeprefix(STUDY) for part in parts if part.startswith(STUDY)]
    files = ",".join(part for part in parts if not part.startswith(STUDY))
    if not names:
        files = config.representations  # a path may hold commas
    found = [one for name in names for one in study(name)]
    found += manifest.load(files, config.seed_column) if files else []
    manifest.refuse_namesakes(found)
    if config.seed_column and all(one.seed < 0 for one in found):
        raise ParameterError(
            f"parameter seed_column: no table has a column {shown(config.seed_column)}"
        )
    return found


def _asked(config: MeasureConfig, given: list[Representation]) -> Asked:
    """Refuse whatever can be refused, before a run is opened."""
    return asked_for(
        given, config.measures, primary=config.primary, reference=config.reference,
        describe=config.describe, items=config.items, max_items=config.max_items,
        labels=config.labels, groups=config.groups, k=config.k, alpha=config.alpha,
        quantiles=config.quantiles, folds=config.folds,
    )  # fmt: skip


def _plan(asked: Asked) -> pd.DataFrame:
    given = asked.given
    rows = [
        {"measure": m.key, "pairs": len(pairs_with_repeats(given, m, asked.reference))}
        for m in asked.measures
    ]
    found = pd.DataFrame(rows, columns=["measure", "pairs"])
    console = Console(highlight=False)
    console.print(f"Plan: nothing is run. {len(given.ids)} items of {given.names}.", markup=False)
    if len(found):
        console.print(found.to_string(index=False), markup=False)
    for note in asked.left_out:
        console.print(note, markup=False)
    return found


def _inputs(every: Sequence[Representation]) -> tuple[DataInput, ...]:
    return tuple(
        DataInput(
            one.name, one.source, one.digest or digest_of(one), KIND,
            len(one.judgements) or one.size,
        )
        for one in every
    )  # fmt: skip


def _description(together: Aligned) -> str:
    lines = ["Open `report/measure.html` among the artifacts.", ""]
    lines += [f"- **{plain(one.name)}**: {plain(one.source)}" for one in together.representations]
    return "\n".join(lines)


def _metrics(pairs: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for row in pairs.to_dict("records"):
        names = str(row["measure"]), str(row["first"]), str(row["second"])
        for column in ("value", "low", "high", "p"):
            value = float(row[column])
            if math.isfinite(value):
                key = metric(*names, "" if column == "value" else column)
                rows.append({"key": key, "value": value, "step": 0})
    return pd.DataFrame(rows, columns=["key", "value", "step"])


def _say(found: Comparison) -> None:
    console = Console(highlight=False)
    for note in found.given.notes:
        console.print(note, markup=False)
    shown: dict[str, Any] = {"float_format": lambda number: f"{number:.3f}", "index": False}
    shown_columns = {
        "pairs": ["measure", "first", "second", "value", "chance", "low", "high", "p_corrected"],
        "judgements": ["judgements", "representation", "value", "chance", "low", "high"],
        "identification": ["measure", "accuracy", "chance", "p", "auc"],
    }
    for name, columns in shown_columns.items():
        if len(found.tables[name]):
            table = found.tables[name][columns]
            console.print(table.to_string(**shown), markup=False, soft_wrap=True)
    console.print("The report is an artifact of this run: make ui")
