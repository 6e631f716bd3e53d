"""`docs/reference.md`, written from the code so that it cannot fall behind.

`python -m hybridrep.reference` prints the file; a test compares it with the one committed, and
another compares what it says of runs with what runs really hold (`tracking.catalogue`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from hybridrep import errors
from hybridrep.parameters import Parameters, default_of, parameters, value_as_text
from hybridrep.project_file import ENTRY_POINTS
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.results import catalogue
from hybridrep.studies.hybrid.results.result_tables import (
    COMPARISON_TABLES,
    STUDY_TABLES,
    ReportTable,
)
from hybridrep.studies.hybrid.results.schema import SCHEMAS
from hybridrep.tracking import entries
from hybridrep.tracking.entries import Entry

_HEAD = """\
<!-- Written by `python -m hybridrep.reference > docs/reference.md`; do not edit by hand. -->

# Reference

Everything that has a name: [entry points](#entry-points), [parameters](#parameters),
[exit codes](#exit-codes), [runs](#runs), [metrics](#metrics), [artifacts](#artifacts),
[tables of a study](#tables-of-a-study), [tables of the report](#tables-of-the-report),
[registered models](#registered-models). Why things are as they are: [science.md](science.md).
"""

_ENTRY_POINTS = {
    "main": "the same as `full`",
    "full": "the whole study: one run a seed and one for the study, with its report",
    "embed": "global vectors of every distinct text, from the frozen encoder",
    "lstm": "the task-specific LSTM of every seed, and its vectors",
    "autoencode": "the autoencoders, both directions and all sizes, and their linear baseline",
    "rsa": "similarity matrices and their correlations; a study's runs say how sure they are",
    "transfer": "seven representations on the new task",
    "report": "Table 1 and the report, in a run of its own",
    "sweep": "Optuna over bottleneck sizes, epochs and more; see [sweep.md](sweep.md)",
    "register": "the best autoencoder of each direction into the model registry",
    "compare": "finished studies side by side in one report",
}

_KINDS = {
    "seed": (
        "one simulation",
        "that of the run that `mlflow run` made; `make` and scripts name `hybridrep`",
    ),
    "study": ("one invocation of a study", "the same"),
    "stage": (
        "one stage run on its own, a report, a sweep, a registration or a comparison",
        "the same",
    ),
    "trial": ("one trial of a sweep", "`EXPERIMENT-sweep`"),
}

_HOLDERS = {
    "seed": "Seed runs",
    "study": "Study runs",
    "stage": "Stage runs (`embed`, `lstm`, `autoencode`, `rsa`, `transfer`)",
    "report": "Runs of `report`",
    "sweep": "A sweep's own run",
    "trial": "Trials of a sweep",
    "register": "A registration's run",
    "compare": "A comparison's run",
}


def reference() -> str:
    """Return the text of `docs/reference.md`."""
    parts = [
        _HEAD,
        _entry_points(),
        _parameters(),
        _exit_codes(),
        _runs(),
        _metrics(),
        _artifacts(),
        _study_tables(),
        _report_tables(),
        _models(),
    ]
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
    rows = [(_code(name), _ENTRY_POINTS[name]) for name in ENTRY_POINTS]
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
        "before any work, with what is allowed.\n\n"
        "### Of every entry point\n\n"
        "All entry points take them, so that one line of parameters serves all, and each reads\n"
        "those that bear on it.\n\n" + _parameter_table(Config, parameters(Config))
    ]
    for name, model in ENTRY_POINTS.items():
        own = [
            parameter
            for parameter in parameters(model)
            if model.model_fields[parameter].description
            != getattr(Config.model_fields.get(parameter), "description", None)
        ]
        if own:
            parts.append(
                f"### Of `{name}`, beside or instead of these\n\n{_parameter_table(model, own)}"
            )
    return "\n".join(parts)


def _parameter_table(model: type[Parameters], names: Iterable[str]) -> str:
    rows = [
        (
            _code(name),
            str(model.model_fields[name].description),
            *(_code(value_as_text(default_of(name, p, model))) for p in ("quickstart", "paper")),
        )
        for name in names
    ]
    return _table(("parameter", "meaning", "`quickstart` (default)", "`paper`"), rows)


def _exit_codes() -> str:
    rows = [(str(code), meaning) for code, meaning in errors.EXIT_CODES.items()]
    kinds = [
        (_code(each.__name__), _first_line(each), str(each.exit_code))
        for each in _errors(errors.HybridrepError)
    ]
    return (
        f"## Exit codes\n\n{_table(('code', 'meaning'), rows)}\n"
        "`make` and `mlflow run` leave with codes of their own when the entry point's is not 0.\n"
        "Errors that say what to do, as Python raises them:\n\n"
        f"{_table(('error', 'meaning', 'code'), kinds)}"
    )


def _errors(base: type[errors.HybridrepError]) -> list[type[errors.HybridrepError]]:
    """Return the errors that the module declares, in its order."""
    return [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, base) and each is not base
    ]


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").partition("\n")[0]


def _runs() -> str:
    kinds = [(_code(kind), *said) for kind, said in _KINDS.items()]
    tags = [(_code(entry.name), entry.meaning) for entry in entries.TAGS]
    params = [(_code(entry.name), entry.meaning, _holders(entry)) for entry in catalogue.PARAMS]
    return (
        "## Runs\n\n"
        "All runs are top-level; tags tie them together. A run that is FINISHED is complete.\n\n"
        f"{_table(('kind', 'what it is', 'experiment'), kinds)}\n"
        f"### Tags\n\n{_table(('tag', 'meaning'), tags)}\n"
        "### Parameters of runs\n\n"
        f"{_table(('parameter', 'meaning', 'kinds of run'), params)}\n"
        "Every run also names the corpora that it read: MLflow data set inputs `emotion` and\n"
        "`hate` with source, fingerprint, number of tweets and classes.\n"
    )


def _holders(entry: Entry) -> str:
    return ", ".join(_code(kind) for kind in entry.runs)


def _metrics() -> str:
    stand_for = [(_code(name), p.meaning) for name, p in catalogue.PLACEHOLDERS.items()]
    parts = [
        "## Metrics\n",
        "In names, capitals stand for:\n",
        _table(("stands", "for"), stand_for),
        "Points that cannot be computed (constant vectors) are left out. Stage runs hold the\n"
        "same metrics as means over the seeds.\n",
    ]
    for kind in ("seed", "sweep", "trial"):
        rows = [
            (_code(entry.name), entry.meaning, entry.step or "one point")
            for entry in entries.documented(catalogue.METRICS, kind)
        ]
        parts += [f"### {_HOLDERS[kind]}\n", _table(("metric", "meaning", "step"), rows)]
    return "\n".join(parts)


def _artifacts() -> str:
    parts = ["## Artifacts\n"]
    for kind, title in _HOLDERS.items():
        found = entries.documented(catalogue.ARTIFACTS, kind)
        rows = [(_code(entry.name), entry.meaning) for entry in found]
        if rows:
            parts += [f"### {title}\n", _table(("artifact", "what it holds"), rows)]
    return "\n".join(parts)


def _study_tables() -> str:
    parts = [
        "## Tables of a study\n",
        "`study/NAME.parquet` of the study's run; in Python\n"
        "`hybridrep.studies.hybrid.load.load_study(NAME)` returns them as pandas tables, see\n"
        "[the notebook](notebooks/explore_a_study.ipynb).\n",
    ]
    for name, schema in SCHEMAS.items():
        rows = []
        for column, rule in schema.columns.items():
            key = " (key)" if column in schema.key else ""
            rows.append((_code(column), rule.kind, rule.meaning + key))
        parts += [f"### `{name}`\n", _table(("column", "type", "meaning"), rows)]
    return "\n".join(parts)


def _report_tables() -> str:
    return (
        "## Tables of the report\n\n"
        "`report/NAME.csv`. Numbers over seeds: `n` how many, `sd` with n - 1, `low` and `high`\n"
        "the ends of a 95% interval.\n\n"
        f"### Of a study\n\n{_csv_tables(STUDY_TABLES)}\n"
        f"### Of a comparison\n\n"
        "The tables of each study under its name, and:\n\n"
        f"{_csv_tables(COMPARISON_TABLES)}"
    )


def _csv_tables(tables: Iterable[ReportTable]) -> str:
    rows = [
        (_code(table.name), table.meaning, ", ".join(map(_code, table.columns))) for table in tables
    ]
    return _table(("table", "what it holds", "columns"), rows)


def _models() -> str:
    models = [(_code(name), takes, gives) for name, takes, gives in catalogue.MODELS]
    tags = [(_code(entry.name), entry.meaning) for entry in catalogue.VERSION_TAGS]
    return (
        "## Registered models\n\n"
        "`models:/NAME@best` is the best so far under one criterion on one set of data;\n"
        "`@candidate` the latest that was not better. [sweep.md](sweep.md) serves one.\n\n"
        f"{_table(('model', 'in', 'out'), models)}\n"
        f"Tags of a version:\n\n{_table(('tag', 'meaning'), tags)}"
    )


if __name__ == "__main__":
    sys.stdout.write(reference())
