"""Claims with their controls as the page's template draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import pandas as pd

from hybridrep.analysis.verdicts import Claim
from hybridrep.reporting.html.views import ClaimView, claim_views
from hybridrep.studies.nback.results.tested import Tested


@dataclass(frozen=True)
class TestedView(ClaimView):
    """A claim beside its controls; `says` which of the verdicts holds."""

    controls: tuple[ClaimView, ...] = ()
    says: str = ""


def tested_views(found: Sequence[Tested]) -> list[TestedView]:
    """Return claims as they are drawn, in their order."""
    views = []
    for each in found:
        own, *controls = _views((each.claim, *each.controls))
        named = {field.name: getattr(own, field.name) for field in fields(own)}
        views.append(TestedView(**named, controls=tuple(controls), says=each.says))
    return views


def _views(some: Sequence[Claim]) -> list[ClaimView]:
    rows = [astuple(claim) for claim in some]
    return claim_views(pd.DataFrame(rows, columns=[field.name for field in fields(Claim)]))
