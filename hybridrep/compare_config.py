"""Parameters of the `compare` entry point."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from hybridrep.config import Config, setting
from hybridrep.parsing import parse_names


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
        "", "", "studies to put side by side: a comma list of names, study keys or run ids"
    )
