"""The parameters of `nback_sweep`, beside those of the study."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hybridrep.parameters import Seeds, Span, comma_list, setting, shown
from hybridrep.studies.nback.config import MOST_HIDDEN, Config


def parse_sizes(value: object) -> tuple[int, ...]:
    """Read a comma list of hidden sizes, e.g. `64,128,256`."""
    sizes = []
    for part in comma_list(value):
        if not re.fullmatch(r"\d{1,9}", part) or not 1 <= int(part) <= MOST_HIDDEN:
            raise ValueError(
                f"{shown(part, 40)} is not a whole number from 1 to {MOST_HIDDEN}; write a comma "
                "list such as 64,128"
            )
        sizes.append(int(part))
    if not sizes or len(set(sizes)) < len(sizes):
        raise ValueError("write each size once, e.g. 64,128")
    return tuple(sorted(sizes))


class SweepConfig(Config):
    """What a sweep of networks searches, and how; all are trained on `mtmf`."""

    seeds: Seeds = setting(
        "2", "seeds that every trial is averaged over: `2`, `0-9`, or `0,3,7`", paper="3"
    )
    sizes: Annotated[tuple[int, ...], BeforeValidator(parse_sizes)] = setting(
        "32,64,128", "hidden sizes to choose from, a comma list", paper="64,128,256,512"
    )
    learning_rates: Span = setting(
        "0.001:0.01", "AdamW's learning rate: one number, or a range (`0.001:0.01`)",
        paper="0.0001:0.01",
    )  # fmt: skip
    sampler: Literal["tpe", "grid"] = setting(
        "tpe", "`tpe` learns from earlier trials; `grid` tries all combinations", paper="grid"
    )
    trials: Annotated[int, Field(ge=1, le=1_000_000)] = setting(
        8, "how many trials it runs (a grid runs all its points)", paper=60, role="amount"
    )
    timeout: Annotated[int, Field(ge=0, le=10**12)] = setting(
        0, "seconds after which it starts no further trial; 0: no limit", role="amount"
    )
    side_by_side: Annotated[int, Field(ge=1, le=10_000)] = setting(
        4, "trials that run side by side; `tpe` learns between them"
    )
    storage: str = setting(
        "", "Optuna's storage: a journal file, or `postgresql://...`; empty: in the store"
    )

    def as_text(self) -> dict[str, str]:
        """Every parameter as the text that gives it back."""
        low, high = self.learning_rates
        rates = f"{low!r}" if low == high else f"{low!r}:{high!r}"
        return {**super().as_text(), "learning_rates": rates}
