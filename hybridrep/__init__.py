"""Hybrid neural representations: made, transformed, compared, tested and tracked.

import hybridrep

tables = hybridrep.run("full", seeds=3)  # as `make full ARGS="-P seeds=3"` does
hybridrep.list_studies()
tables = hybridrep.load_study("hybridrep")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridrep.command import run
    from hybridrep.studies.catalogue import load_study
    from hybridrep.tracking.queries import list_studies

__version__ = "0.2.0"

__all__ = ["__version__", "list_studies", "load_study", "run"]

_PLACES = {
    "run": "hybridrep.command",
    "load_study": "hybridrep.studies.catalogue",
    "list_studies": "hybridrep.tracking.queries",
}
"""Public name -> the module that has it, imported when the name is first used."""


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
