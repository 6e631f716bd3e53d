"""The run-time type check of the tests: a whole number is a number (PEP 484's tower)."""

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype
from beartype.roar import BeartypeDecorHintPep673Exception, BeartypeDecorHintPep3119Exception

HOOKED = tuple(
    f"hybridrep.{name}"
    for name in ("analysis", "networks", "reporting.html", "sources", "studies", "transforms")
)
"""The packages that are checked: all in which the shape of an array is written."""

_CONFIGURATION = BeartypeConf(is_pep484_tower=True)


def check(checked: Callable[..., Any]) -> Callable[..., Any]:
    """Check arguments and results of a function, or of a class's methods, at every call."""
    try:
        return beartype(checked, conf=_CONFIGURATION)
    except (BeartypeDecorHintPep673Exception, BeartypeDecorHintPep3119Exception):
        return checked  # what no call can tell: `Self` of a method alone, a protocol


CHECK = f"{__name__}.{check.__name__}"
"""Its name, for jaxtyping's import hook."""
