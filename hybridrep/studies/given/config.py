"""The parameters of `measure`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from hybridrep.parameters import Parameters, Seeds, Source, parse_names, setting

EXPORTS = ("csv", "netrep", "rsatoolbox")
FEWEST_ITEMS = 5
_IDLE = ("none",)  # what reads the parameters that no comparison does


def _known_exports(names: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in names if name not in EXPORTS]:
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(EXPORTS)}")
    return names


Names = Annotated[tuple[str, ...], BeforeValidator(parse_names)]
Exports = Annotated[Names, AfterValidator(_known_exports)]


class MeasureConfig(Parameters):
    """What is measured, by what, and how sure one wants to be."""

    seeds: Seeds = setting("25", "not used: seeds are given", role="amount", stages=_IDLE)
    workers: Annotated[int, Field(ge=0, le=1024)] = setting(
        0, "not used: one process", role="place", stages=_IDLE
    )
    cluster: str = setting("", "not used: one process", role="place", stages=_IDLE)
    representations: Source = setting(
        "sample", "what is compared: a folder, a `.toml` manifest, `NAME=FILE,...` or "
        "`NAME=FILE:KEY,...`; `sample`: a small set that is made up",
    )  # fmt: skip
    measures: Names = setting(
        "core",
        "`core`, `all`, or a comma list of keys of `MEASURES` (`rsa`, `cka`, `mutual_knn.k5`)",
    )
    primary: str = setting("cka", "the measure that is declared before and tested uncorrected")
    reference: str = setting(
        "", "the representation that the others are scored against; empty: all pairs"
    )
    describe: Names = setting(
        "participation_ratio,twonn",
        "measures of every representation alone; `none`: none",
    )
    items: Source = setting(
        "common", "`common`: ids that all have; `position`: rows as they stand, without ids; or a "
        "text file of ids, one a line",
    )  # fmt: skip
    max_items: Annotated[int, Field(ge=FEWEST_ITEMS, le=1_000_000)] = setting(
        5000, "of more common items so many are drawn at random"
    )
    resamples: Annotated[int, Field(ge=0, le=100_000)] = setting(
        200, "halves of the items for intervals (five times as many by weights of pairs); 0: none"
    )
    permutations: Annotated[int, Field(ge=0, le=1_000_000)] = setting(
        1000, "random pairings of the items for p values; 0: none"
    )
    correction: Literal["maxt", "holm", "bh", "none"] = setting(
        "maxt", "of the p values of all but the primary measure: `maxt`, `holm`, `bh` or `none`"
    )
    export: Exports = setting(
        "", "files for others beside the tables: `csv`, `netrep`, `rsatoolbox`; empty: none",
        role="place",
    )  # fmt: skip
