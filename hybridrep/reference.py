"""`docs/reference.md`, written from the code so that it cannot fall behind.

`python -m hybridrep.reference` prints the file; a test compares it with the one committed, and
another compares what it says of runs with what runs really hold (the module that a study's
`documentation` names).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from hybridrep import errors
from hybridrep.parameters import PROFILES, Parameters, default_of, value_as_text
from hybridrep.studies.catalogue import CATALOGUE, StudyListing
from hybridrep.tracking import entries

_HEAD = """\
<!-- Written by `python -m hybridrep.reference > docs/reference.md`; do not edit by hand. -->

# Reference

Everything that has a name: [entry points](#entry-points), [parameters](#parameters),
[exit codes](#exit-codes), [runs](#runs), [metrics](#metrics), [artifacts](#artifacts),
[tables of a study](#tables-of-a-study), [tables of the report](#tables-of-the-report),
[registered models](#registered-models). Why things are as they are: [science.md](science.md).
"""

_KINDS = {
    "seed": ("one simulation",
             "that of the run that `mlflow run` made; `make` and scripts name `hybridrep`"),
    "study": ("one invocation of a study", "the same"),
    "stage": ("one stage run on its own, a report, a sweep, a registration or a comparison",
              "the same"),
    "trial": ("one trial of a sweep", "`EXPERIMENT-sweep`"),
    "measure": ("one comparison of given representations", "the same"),
}  # fmt: skip

_DOCUMENTED = {study.name: import_module(study.documentation) for study in CATALOGUE.studies}
"""The module that says what runs, tables and models hold, of each study."""

_HOLDERS = {
    "seed": "Seed runs", "study": "Study runs",
    "stage": "Stage runs",
    "report": "Runs of `report`", "sweep": "A sweep's own run", "trial": "Trials of a sweep",
    "register": "A registration's run", "compare": "A comparison's run",
    "measure": "Runs of `measure`",
}  # fmt: skip


def reference() -> str:
    """Return the text of `docs/reference.md`."""
    parts = [
        _HEAD, _entry_points(), _parameters(), _exit_codes(), _runs(), _metrics(), _artifacts(),
        _study_tables(), _report_tables(), _models(),
    ]  # fmt: skip
    return "\n".join(parts)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; bars inside cells are escaped."""
    lines = [list(columns), ["---"] * len(columns), *map(list, rows)]
    return "".join(
        f"| {' | '.join(c.replace('|', chr(92) + '|') for c in row)} |\n" for row in lines
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _entry_points() -> str:
    rows = [("`main`", "the same as `full`")]
    for entry in CATALOGUE.entry_points.values():
        more = f"; see [{entry.page}]({entry.page})" if entry.page else ""
        rows.append((_code(entry.name), entry.does + more))
    return (
        "## Entry points\n\n"
        '`make NAME ARGS="-P parameter=value"`, `mlflow run . -e NAME -P parameter=value`, or\n'
        "`python -m entrypoints.NAME --parameter value` (`main` by `mlflow run` only). Each runs\n"
        "what it needs from the stages before it, and takes from the store what is finished;\n"
        "`register` and `compare` choose among finished studies.\n\n"
        f"{_table(('entry point', 'what it does'), rows)}\n"
        "Beside them: `make store` (`python -m entrypoints.store`) shows and prunes the store,\n"
        "`make plan` says what `make full` would do, `make ui` opens MLflow.\n"
    )


def _parameters() -> str:
    parts = [
        "## Parameters\n\n"
        "Empty means the default of the `profile`. An unknown name or a bad value is refused\n"
        "before any work, with what is allowed. An entry point takes all parameters of its study,\n"
        "so that one line of them serves all, and names those that have no effect on it."
    ]
    for study in CATALOGUE.studies:
        shared = study.parameters.model_fields
        parts += ["", f"### Of the study `{study.name}`", "", f"{study.title}.", ""]
        parts.append(_shared_parameters(study))
        for entry in study.entry_points:
            fields = entry.parameters.model_fields
            own = [
                name
                for name in CATALOGUE.bearing(entry)
                if name not in shared or fields[name].description != shared[name].description
            ]
            if own:
                parts += [f"### Of `{entry.name}`, beside or instead of these", ""]
                parts.append(_table(_COLUMNS, [_row(name, entry.parameters) for name in own]))
    return "\n".join(parts)


_COLUMNS = ("parameter", "meaning", "`quickstart` (default)", "`paper`")


def _shared_parameters(study: StudyListing) -> str:
    """Return the table of a study's parameters, with the entry points that each bears on."""
    bearing = {entry.name: CATALOGUE.bearing(entry) for entry in study.entry_points}
    order = [*bearing[study.entry_points[0].name], *study.parameters.model_fields]
    rows = []
    for name in dict.fromkeys(order):
        those = [entry for entry, names in bearing.items() if name in names]
        others = [entry for entry in bearing if entry not in those]
        few = ", ".join(map(_code, others if len(others) < len(those) else those))
        says = few if len(others) >= len(those) else f"all but {few}" if others else "all"
        rows.append((*_row(name, study.parameters), says))
    return _table((*_COLUMNS, "bears on"), rows)


def _row(name: str, model: type[Parameters]) -> tuple[str, ...]:
    defaults = (_code(value_as_text(default_of(name, p, model))) for p in PROFILES)
    return (_code(name), str(model.model_fields[name].description), *defaults)


def _exit_codes() -> str:
    rows = [(str(code), meaning) for code, meaning in errors.EXIT_CODES.items()]
    kinds = [
        (_code(each.__name__), (each.__doc__ or "").partition("\n")[0], str(each.exit_code))
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.HybridrepError)
        if each is not errors.HybridrepError
    ]
    return (
        f"## Exit codes\n\n{_table(('code', 'meaning'), rows)}\n"
        "`make` and `mlflow run` leave with codes of their own when the entry point's is not 0.\n"
        "Errors that say what to do, as Python raises them:\n\n"
        f"{_table(('error', 'meaning', 'code'), kinds)}"
    )


def _runs() -> str:
    kinds = [(_code(kind), *said) for kind, said in _KINDS.items()]
    tags = [(_code(entry.name), entry.meaning) for entry in entries.TAGS]
    params = [
        (_code(entry.name), entry.meaning, ", ".join(map(_code, entry.runs)), _code(name))
        for name, study in _DOCUMENTED.items()
        for entry in study.PARAMS
    ]
    return (
        "## Runs\n\n"
        "All runs are top-level; tags tie them together. A run that is FINISHED is complete.\n\n"
        f"{_table(('kind', 'what it is', 'experiment'), kinds)}\n"
        f"### Tags\n\n{_table(('tag', 'meaning'), tags)}\n"
        "### Parameters of runs\n\n"
        f"{_table(('parameter', 'meaning', 'kinds of run', 'study'), params)}\n"
        "Every run also names the data that it read, MLflow data set inputs with source,\n"
        "fingerprint, number of items and classes: corpora `emotion` and `hate`, or `stimuli`.\n"
    )


def _metrics() -> str:
    stand_for = dict.fromkeys(
        (_code(name), placeholder.meaning)
        for study in _DOCUMENTED.values()
        for name, placeholder in study.PLACEHOLDERS.items()
    )
    parts = [
        "## Metrics\n", "In names, capitals stand for:\n", _table(("stands", "for"), stand_for),
        "Points that cannot be computed (constant vectors) are left out. Stage runs hold the\n"
        "same metrics as means over the seeds.\n",
    ]  # fmt: skip
    for name, study in _DOCUMENTED.items():
        for kind in ("seed", "sweep", "trial", "measure"):
            rows = [
                (_code(entry.name), entry.meaning, entry.step or "one point")
                for entry in entries.documented(study.METRICS, kind)
            ]
            if rows:
                title = f"### {_HOLDERS[kind]}, study `{name}`\n"
                parts += [title, _table(("metric", "meaning", "step"), rows)]
    return "\n".join(parts)


def _artifacts() -> str:
    parts = ["## Artifacts\n"]
    for name, study in _DOCUMENTED.items():
        for kind, title in _HOLDERS.items():
            found = entries.documented(study.ARTIFACTS, kind)
            rows = [(_code(entry.name), entry.meaning) for entry in found]
            if rows:
                columns = ("artifact", "what it holds")
                parts += [f"### {title}, study `{name}`\n", _table(columns, rows)]
    return "\n".join(parts)


def _study_tables() -> str:
    parts = [
        "## Tables of a study\n",
        "`study/NAME.parquet` of the study's run; in Python\n"
        "`hybridrep.load_study(NAME)` returns them as pandas tables, see\n"
        "[the notebook](notebooks/explore_a_study.ipynb).\n",
    ]
    every = ((n, *each) for n, study in _DOCUMENTED.items() for each in study.SCHEMAS.items())
    for study, name, schema in every:
        rows = []
        for column, rule in schema.columns.items():
            key = " (key)" if column in schema.key else ""
            rows.append((_code(column), rule.kind, rule.meaning + key))
        title = f"### `{name}`, study `{study}`\n"
        parts += [title, _table(("column", "type", "meaning"), rows)]
    return "\n".join(parts)


def _report_tables() -> str:
    parts = [
        "## Tables of the report\n\n"
        "`report/NAME.csv`. Numbers over seeds: `n` how many, `sd` with n - 1, `low` and `high`\n"
        "the ends of a 95% interval.\n"
    ]
    for study in _DOCUMENTED.values():
        for what, tables in study.REPORT_TABLES.items():
            parts += [f"### Of {what}\n", *_BESIDE.get(what, ()), _csv_tables(tables)]
    return "\n".join(parts)


_BESIDE = {"a comparison": ("The tables of each study under its name, and:\n",)}


def _csv_tables(tables: Iterable[Any]) -> str:
    rows = [
        (_code(table.name), table.meaning, ", ".join(map(_code, table.columns))) for table in tables
    ]
    return _table(("table", "what it holds", "columns"), rows)


def _models() -> str:
    models = [
        (_code(name), *said) for study in _DOCUMENTED.values() for name, *said in study.MODELS
    ]
    every = {
        entry.name: entry.meaning for study in _DOCUMENTED.values() for entry in study.VERSION_TAGS
    }
    tags = [(_code(name), meaning) for name, meaning in every.items()]
    return (
        "## Registered models\n\n"
        "`models:/NAME@best` is the best so far under one criterion on one set of data;\n"
        "`@candidate` the latest that was not better. [sweep.md](sweep.md) serves one.\n\n"
        f"{_table(('model', 'in', 'out'), models)}\n"
        f"Tags of a version:\n\n{_table(('tag', 'meaning'), tags)}"
    )


if __name__ == "__main__":
    sys.stdout.write(reference())
