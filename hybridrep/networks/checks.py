"""Refusal of bad values in the frozen configurations of models."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hybridrep.errors import ParameterError


def check_whole(owner: str, name: str, value: object, least: int = 1) -> None:
    """Refuse what is no whole number of at least `least` by a `ParameterError` that says so."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ParameterError(
            f"{owner}: {name} must be a whole number of at least {least}, got {value!r}"
        )


def check_positive(owner: str, name: str, value: object) -> None:
    """Refuse what is no finite number above 0, as `check_whole`."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and value > 0):  # type: ignore[arg-type,operator]
        raise ParameterError(f"{owner}: {name} must be above 0 and finite, got {value!r}")


def check_choice(owner: str, name: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse what is not among the allowed names, with a `ParameterError` that names them."""
    allowed = list(allowed)
    if value not in allowed:
        raise ParameterError(f"{owner}: {name} must be one of {', '.join(allowed)}, got {value!r}")
