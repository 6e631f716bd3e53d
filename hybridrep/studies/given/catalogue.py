"""What runs of `measure` hold, by name and with its meaning: the reference is printed from it."""

from __future__ import annotations

from hybridrep.reporting.tables import ReportTable
from hybridrep.studies.given.names import KIND
from hybridrep.studies.given.tables import SCHEMAS
from hybridrep.tracking.entries import Entry, Placeholder

PLACEHOLDERS: dict[str, Placeholder] = {
    "KEY": Placeholder(r"[a-z0-9_.]+", "key of a measure: `cka`, `rsa.cosine.pearson`, ..."),
    "FIRST": Placeholder(r"[A-Za-z0-9_.-]+?", "a representation's name"),
    "SECOND": Placeholder(r"[A-Za-z0-9_.-]+", "the other's"),
}
_OF = (KIND,)
METRICS: tuple[Entry, ...] = (
    Entry("measure/KEY/FIRST__SECOND", "the measure of two representations", _OF),
    Entry("measure/KEY/FIRST__SECOND/low", "lower end of its 95% interval over items", _OF, False),
    Entry("measure/KEY/FIRST__SECOND/high", "upper end", _OF, False),
    Entry("measure/KEY/FIRST__SECOND/p", "by permutation of the items, uncorrected", _OF, False),
)
ARTIFACTS: tuple[Entry, ...] = (
    *(Entry(f"tables/{name}.json", "MLflow table, see below", _OF) for name in SCHEMAS),
    Entry("report/measure.html", "the report: one page that needs nothing else", _OF),
    Entry("export/NAME.csv", "every table, with `export=csv`", _OF, False),
    Entry("export/netrep.npz", "`train_0`, ..., `names`, `shape_angle`: for netrep", _OF, False),
    Entry(
        "export/rsatoolbox.h5", "cosine dissimilarities: for `load_rdm` of rsatoolbox", _OF, False
    ),
    Entry("config.json", "the resolved parameters", _OF),
    Entry("environment.json", "versions of all packages, the platform", _OF),
)
PARAMS: tuple[Entry, ...] = ()
MODELS: tuple[tuple[str, str, str], ...] = ()
VERSION_TAGS: tuple[Entry, ...] = ()
REPORT_TABLES: dict[str, tuple[ReportTable, ...]] = {}

__all__ = [
    "ARTIFACTS", "METRICS", "MODELS", "PARAMS", "PLACEHOLDERS", "REPORT_TABLES", "SCHEMAS",
    "VERSION_TAGS",
]  # fmt: skip
