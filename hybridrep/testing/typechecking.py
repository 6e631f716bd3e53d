"""The run-time type check of the tests: a whole number is a number (PEP 484's tower)."""

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype
from beartype.roar import BeartypeDecorHintPep673Exception, BeartypeDecorHintPep3119Exception

_CONFIGURATION = BeartypeConf(is_pep484_tower=True)


def check(checked: Callable[..., Any]) -> Callable[..., Any]:
    """Check arguments and results of a function, or of a class's methods, at every call."""
    try:
        return beartype(checked, conf=_CONFIGURATION)
    except (BeartypeDecorHintPep673Exception, BeartypeDecorHintPep3119Exception):
        # `Self` says nothing of a method on its own, a plain protocol cannot be looked for
        return checked
