"""Parameters of the entry points that read finished studies: `compare`, `report`, `export`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from hybridrep.parameters import parse_names, setting
from hybridrep.studies.hybrid.config import Config


def _at_least_two(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) < 2:
        raise ValueError("name at least two studies, e.g. studies=keep,drop")
    if len(set(names)) < len(names):
        raise ValueError("a study is named twice")
    return names


Studies = Annotated[tuple[str, ...], BeforeValidator(parse_names), AfterValidator(_at_least_two)]


class CompareConfig(Config):
    """A comparison of finished studies; what they are is read from their runs."""

    studies: Studies = setting(
        "", "studies to put side by side: a comma list of names, study keys or run ids"
    )


class ReportConfig(Config):
    """What is reported: the study of these parameters, or one that is read from its run."""

    source: Annotated[str, Field(min_length=1, max_length=256)] = setting(
        "study",
        "what to report: `study` (the one of these parameters, made where it is missing), or the "
        "name, key or run of a finished study, read from its run: nothing is computed",
    )


class ExportConfig(Config):
    """A finished study that is to be one file, and where it shall lie."""

    source: Annotated[str, Field(max_length=256)] = setting(
        "",
        "what to export: the name, key or run of a finished study, read from its run; empty: the "
        "one that `study` names",
    )
    to: Annotated[str, Field(max_length=4096)] = setting(
        "", "the file to write, which ends with `.zip`; empty: `STUDY.hybridrep.zip` here"
    )
    texts: bool = setting(
        False,
        "whether tweets may be in the file, as in the study's own report: only of a study with "
        "`share_text=true`",
    )
