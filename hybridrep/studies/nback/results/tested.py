"""A claim of the paper beside the controls that tell what it is worth, and both as a table.

The rule is `analysis.verdicts`: one number a seed, a 95% interval, a range. Where a control
decides, the claim stands only if the control does too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from hybridrep.analysis.verdicts import (
    NOT_SUPPORTED,
    SUPPORTED,
    UNCLEAR,
    Claim,
    Part,
    claim_of,
)
from hybridrep.reporting.tables import report_table

_NAN = float("nan")


@dataclass(frozen=True)
class Tested:
    """A claim as the paper tests it, and its controls.

    Attributes:
        claim: by the paper's own statistic.
        controls: what else must hold if the claim is to mean what it says.
        decides: whether the claim falls with its controls.
        meaning: what is so if the controls do not hold, in one sentence.
        holding: what their holding says, if it is more than that the claim stands.
    """

    claim: Claim
    controls: tuple[Claim, ...] = ()
    decides: bool = False
    meaning: str = ""
    holding: str = ""

    @property
    def verdict(self) -> str:
        """What holds in the end: the paper's verdict, or what its controls leave of it."""
        if not self.decides or self.claim.verdict == NOT_SUPPORTED:
            return self.claim.verdict
        found = {self.claim.verdict, *(control.verdict for control in self.controls)}
        return next((each for each in (NOT_SUPPORTED, UNCLEAR) if each in found), SUPPORTED)

    @property
    def says(self) -> str:
        """Which of the two verdicts holds, in words; empty without controls."""
        if not self.controls:
            return ""
        own = {control.verdict for control in self.controls}
        if own == {SUPPORTED}:
            if self.holding:
                return self.holding
            return "Its control holds too." if len(self.controls) == 1 else "Its controls hold too."
        if NOT_SUPPORTED in own:
            stands = "not supported" if self.decides else "left as it is"
            return f"Its control does not hold: the claim is {stands}. {self.meaning}".strip()
        return "Its control is unclear on these seeds."


def tested_claim(
    name: str, sentence: str, statistic: str, parts: Sequence[Part], missing: str
) -> Claim:
    """Return a claim from its parts; without any, one that says what is missing."""
    if not parts:
        return Claim(name, sentence, statistic, _NAN, _NAN, _NAN, 0, UNCLEAR, missing)
    return claim_of(name, sentence, statistic, parts)


def by_name(values: pd.Series) -> Mapping[str, pd.Series]:
    """Split values indexed by network's name and seed into one series of seeds a network."""
    return {
        str(name): mine.droplevel(0) for name, mine in values.groupby(level=0, sort=False)
    }  # fmt: skip


COLUMNS = (
    "claim", "role", "sentence", "statistic", "estimate", "low", "high", "n", "verdict", "decides",
    "holds", "note",
)  # fmt: skip


@report_table(
    "claims",
    "the paper's claims with their verdicts by a fixed rule, each with its controls below: `role` "
    "is `paper` or `control`; `holds`: what holds in the end, where the control decides",
    COLUMNS,
)
def claims_table(found: Sequence[Tested]) -> pd.DataFrame:
    """Return claims and controls as a table, a claim's controls after it."""
    rows = []
    for each in found:
        for role, claim in (("paper", each.claim), *(("control", c) for c in each.controls)):
            rows.append({
                "claim": each.claim.name, "role": role, "sentence": claim.sentence,
                "statistic": claim.statistic, "estimate": claim.estimate, "low": claim.low,
                "high": claim.high, "n": claim.n, "verdict": claim.verdict,
                "decides": "yes" if role == "control" and each.decides else "",
                "holds": each.verdict if role == "paper" else "", "note": claim.note,
            })  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
