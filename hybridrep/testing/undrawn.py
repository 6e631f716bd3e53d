"""Figures without pixels, for tests of all that stands around them.

Drawing takes half the time of a small study. `python -m hybridrep.testing.undrawn MODULE ...` runs
a command so: the report of a study and the figures of a sweep are left out, whatever process draws
them.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence

import pytest

from hybridrep.reporting.drawing import Drawn, Plan


def blank(plan: Plan) -> Drawn:
    """Take the place of `draw_one`."""
    return Drawn(plan, b"png", b"webp", 1, 1)


def all_blank(plans: Sequence[Plan]) -> list[Drawn]:
    """Take the place of `draw`."""
    return list(map(blank, plans))


def undraw_reports(patch: pytest.MonkeyPatch) -> None:
    """Draw no figure of a report."""
    for module in ("hybrid.report.report", "nback.report.report", "nback.report.comparison"):
        patch.setattr(f"hybridrep.studies.{module}.draw", all_blank)
    patch.setattr("hybridrep.reporting.drawing.draw_one", blank)


def undraw_all(patch: pytest.MonkeyPatch) -> None:
    """Draw no figure of a report, a sweep or, in this process, a seed."""
    undraw_reports(patch)
    for module in ("sweep.report", "similarity.figure"):
        patch.setattr(f"hybridrep.studies.hybrid.{module}.to_png", lambda *_, **__: b"png")


if __name__ == "__main__":
    from hybridrep.testing import (
        undrawn,  # under its own name, by which other processes find `blank`
    )

    with pytest.MonkeyPatch.context() as context:
        undrawn.undraw_all(context)
        del sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
