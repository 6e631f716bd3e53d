"""The entry point `measure`: representations from files, compared, into one run."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from rich.console import Console

from hybridrep.execution.code_version import fix_code_versions
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve_path
from hybridrep.reporting.markup import plain
from hybridrep.sources.vectors import manifest
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given.aligned import SIMULATION, Aligned, aligned
from hybridrep.studies.given.comparing import check_kinds, chosen_measures, measure_of, pairs_of
from hybridrep.studies.given.comparison import Comparison, check_describes, check_reference, measure
from hybridrep.studies.given.config import MeasureConfig
from hybridrep.studies.given.export import exports
from hybridrep.studies.given.names import DESIGN_TAG, ITEMS_TAG, KIND, PRIMARY_TAG, metric
from hybridrep.studies.given.report import page
from hybridrep.studies.given.sample import sample
from hybridrep.tracking.records import Contents, DataInput
from hybridrep.tracking.runs import connect

DESIGN = "items resampled; representations fixed"


def run(config: MeasureConfig) -> Comparison | pd.DataFrame:
    """Compare what the parameters name, log it as a run of kind `measure`, and return it.

    With `plan` only what would be measured is printed and returned.

    Raises:
        HybridrepError: before any long work, naming the file, id or row.
    """
    given = _read(config)
    together = _checked(config, given)
    if config.plan:
        return _plan(config, together)
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
            PRIMARY_TAG: measure_of(config.primary, "primary").key,
            ITEMS_TAG: str(len(together.ids)), DESIGN_TAG: DESIGN,
        },
    ) as main:  # fmt: skip
        main.log(Contents(inputs=_inputs(together)))
        found = measure(
            given, config.measures, primary=config.primary, reference=config.reference,
            describe=config.describe, resamples=config.resamples,
            permutations=config.permutations, correction=config.correction, items=config.items,
            max_items=config.max_items, store=store,
        )  # fmt: skip
        tables = {f"tables/{name}.json": table for name, table in found.tables.items()}
        main.log(
            Contents(
                metrics=_metrics(found.pairs), tables=tables,
                files={"report/measure.html": page(found), **exports(found, config.export)},
            )
        )  # fmt: skip
    _say(found)
    return found


def _read(config: MeasureConfig) -> list[Representation]:
    if config.representations == "sample":
        return sample()
    return manifest.load(config.representations)


def _checked(config: MeasureConfig, given: list[Representation]) -> Aligned:
    """Refuse whatever can be refused, before a run is opened."""
    chosen = chosen_measures(config.measures)
    measure_of(config.primary, "primary")
    check_describes(config.describe)
    together = aligned(given, config.items, config.max_items)
    check_kinds(together, chosen)
    check_reference(together, config.reference)
    return together


def _plan(config: MeasureConfig, together: Aligned) -> pd.DataFrame:
    rows = [
        {"measure": m.key, "pairs": len(pairs_of(together.names, m, config.reference))}
        for m in chosen_measures(config.measures)
    ]
    found = pd.DataFrame(rows)
    console = Console(highlight=False)
    console.print(
        f"Plan: nothing is run. {len(together.ids)} items of {together.names}.", markup=False
    )
    console.print(found.to_string(index=False), markup=False)
    return found


def _inputs(together: Aligned) -> tuple[DataInput, ...]:
    return tuple(
        DataInput(one.name, one.source, one.digest or together.digest(one.name), KIND, one.size)
        for one in together.representations
    )


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
    columns = ["measure", "first", "second", "value", "chance", "low", "high", "p_corrected"]
    console.print(found.pairs[columns].to_string(**shown), markup=False, soft_wrap=True)
    console.print("The report is an artifact of this run: make ui")
