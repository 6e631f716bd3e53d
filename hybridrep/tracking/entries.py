"""How what runs hold is documented: names with placeholders (`rsa/DIR/B/PAIR`), their meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hybridrep.tracking import names


@dataclass(frozen=True)
class Placeholder:
    """What stands for a capitalised word in a name: a regular expression, and words for people."""

    pattern: str
    meaning: str


def one_of(words: Iterable[str], meaning: str = "") -> Placeholder:
    """Return a placeholder that stands for one of some words."""
    listed = ", ".join(f"`{word}`" for word in words)
    return Placeholder("|".join(map(re.escape, words)), f"{meaning}{listed}")


@dataclass(frozen=True)
class Entry:
    """Something that a run holds.

    Kinds of runs are `study`, `seed`, `trial`, `report`, `sweep`, `register`, `compare`, and
    `stage` for a run of one stage on its own.
    """

    name: str  # with placeholders
    meaning: str
    runs: tuple[str, ...] = ()  # kinds of runs that have it; none: all
    always: bool = True  # whether every finished run of these kinds has it
    step: str = ""  # of a metric: what its steps are; empty where there is one point only

    def matches(self, name: str, placeholders: Mapping[str, Placeholder]) -> bool:
        """Tell whether a real name is one of these."""
        words = "|".join(map(re.escape, placeholders)) or "(?!)"
        parts = re.split(rf"(?<![A-Za-z])({words})(?![A-Za-z])", self.name)
        pattern = "".join(
            f"(?:{placeholders[part].pattern})" if part in placeholders else re.escape(part)
            for part in parts
        )
        return re.fullmatch(pattern, name) is not None


TAGS: tuple[Entry, ...] = (
    Entry(
        names.SIMULATION,
        f"which simulation it is of; a run without it is read as `{names.FIRST_SIMULATION}`",
    ),
    Entry(names.KIND, "`study`, `seed`, `trial`, `stage` or `measure`"),
    Entry(names.STAGE, "`sweep`, `fuse_sweep` or `register`, on runs of these", always=False),
    Entry(names.STUDY, "the study's name"),
    Entry(
        names.STUDY_KEY,
        "hash of configuration and data, without the seeds: ties a study's runs together",
    ),
    Entry(
        names.CACHE_KEY,
        "hash of a seed's or trial's results: a finished run with the same one is reused",
        always=False,
    ),
    Entry(names.HOST, "the machine that wrote the run"),
    Entry(names.PID, "the process that wrote it"),
    Entry(names.PROCESS_START, "when that process began: an id alone may be used again"),
    Entry(
        names.PROCESS_BIRTH,
        "the same by the machine's own count since its start, which setting the clock does not "
        "change",
        always=False,
    ),
    Entry(names.VERSIONS, "versions of the packages that matter most"),
    Entry("mlflow.source.git.commit", "the commit of the code", always=False),
    Entry(names.UNCOMMITTED, "whether the code had uncommitted changes", always=False),
    Entry(
        names.FAILURE,
        "why the run did not finish; of a fault of the program its type and place only",
        always=False,
    ),
)
"""The tags of runs, beside MLflow's own `mlflow.*`."""


def documented(entries: Iterable[Entry], run: str) -> list[Entry]:
    """Return what is said of one kind of run."""
    return [entry for entry in entries if run in entry.runs or not entry.runs]
