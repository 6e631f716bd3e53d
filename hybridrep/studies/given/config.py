"""The parameters of `measure`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from hybridrep.parameters import Names, Parameters, Seeds, Source, comma_list, setting
from hybridrep.sources.encoders.reading import Pooling

EXPORTS = ("csv", "netrep", "rsatoolbox")
FEWEST_ITEMS = 5
_IDLE = ("none",)  # what reads the parameters that no comparison does


def _known_exports(names: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in names if name not in EXPORTS]:
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(EXPORTS)}")
    return names


Exports = Annotated[Names, AfterValidator(_known_exports)]


def parse_quantiles(value: object) -> tuple[float, float]:
    """Read two shares, e.g. `0.2,0.8`."""
    try:
        low, high = (float(part) for part in comma_list(value))
    except ValueError:
        raise ValueError("write two shares, e.g. 0.2,0.8") from None
    if not 0 <= low < high <= 1:
        raise ValueError("write two shares from 0 to 1, the lower one first, e.g. 0.2,0.8")
    return low, high


Quantiles = Annotated[tuple[float, float], BeforeValidator(parse_quantiles)]


class MeasureConfig(Parameters):
    """What is measured, by what, and how sure one wants to be."""

    seeds: Seeds = setting("25", "not used: seeds are given", role="amount", stages=_IDLE)
    workers: Annotated[int, Field(ge=0, le=1024)] = setting(
        0, "not used: one process", role="place", stages=_IDLE
    )
    cluster: str = setting("", "not used: one process", role="place", stages=_IDLE)
    representations: Source = setting(
        "sample", "what is compared: a folder, a `.toml` manifest, `NAME=FILE,...` or "
        "`NAME=FILE:KEY,...`; a finished study as `study:NAME`; `sample`: a small set that is made "
        "up",
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
        "core", "measures of every representation alone; `core`: `participation_ratio`, `twonn`, "
        "`mean_cosine` and, with labels, `cdnv` and `decoding`; `none`: none",
    )  # fmt: skip
    labels: str = setting("", "column of the items that holds their classes; empty: none are known")
    groups: str = setting(
        "", "column of the items: those with one value stay together, in folds and in halves; "
        "empty: only equal items do",
    )  # fmt: skip
    seed_column: str = setting(
        "", "column of tables of vectors that parts them into instances of one representation, "
        "one a seed; empty: none does",
    )  # fmt: skip
    k: Annotated[int, Field(ge=1, le=100_000)] = setting(
        10, "nearest neighbours of the measures that count them"
    )
    alpha: Annotated[float, Field(ge=0, le=1)] = setting(
        1.0, "of `shape_angle`: 1 compares shapes as they are, 0 whitened ones"
    )
    quantiles: Quantiles = setting(
        "0.2,0.8", "of `trsa`: dissimilarities below the first are near, above the second far"
    )
    folds: Annotated[int, Field(ge=3, le=1000)] = setting(
        5, "parts of the items that are held out in turn, of `ridge_r2` and `decoding`"
    )
    identify: Literal["group", "none"] = setting(
        "group", "whether measures tell groups apart that have three seeds or more: `group`, those "
        "of the manifest, or `none`",
    )  # fmt: skip
    encoder_pooling: Pooling = setting(
        "cls", "of a study's encoder: `cls` or `mean`, as in the study's parameters"
    )
    encoder_layer: str = setting(
        "", "of a study's encoder: a layer's number, or `all`: one representation a layer; empty: "
        "the vectors that the study has", pattern=r"^(all|-?\d{1,4})?$",
    )  # fmt: skip
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
