"""What a study says of representations in numbers that other studies have, too (Fig. A6c, d)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from hybridrep.analysis.statistics import against_first
from hybridrep.reporting.tables import report_table
from hybridrep.studies.nback.names import ARCHITECTURES, UNTRAINED
from hybridrep.studies.nback.results.decoding import WHOLE, cross_task
from hybridrep.studies.nback.results.geometry import geometry_numbers
from hybridrep.studies.nback.results.performance import with_names
from hybridrep.studies.nback.results.tables import NBackTables

COLUMNS = ("seed", "name", "diet", "measure", "value")
"""Columns of numbers of representations, one a seed, network and measure."""

KEYS = ("name", "diet", "measure")
"""What names such a number, whatever the study."""


def representation_numbers(tables: NBackTables) -> pd.DataFrame:
    """Return how decoders do on other tasks, and turned to other times: columns `COLUMNS`.

    Measures are named as metrics are, without the network: `cross_task/other_feature`,
    `procrustes/reconstructed`. Means over each study's own tasks and steps, of networks of all
    tasks; on other tasks also of networks before training, a control.
    """
    crossed = tables.cross_task
    diets = [diet for diet in (WHOLE, UNTRAINED) if (crossed["diet"] == diet).any()]
    parts = [with_names(cross_task(crossed, diet), tables).assign(diet=diet) for diet in diets]
    turned = geometry_numbers(tables)
    turned = turned[turned["measure"].astype(str).str.startswith("procrustes/")]
    parts.append(turned.assign(diet=WHOLE))
    filled = [part[[*COLUMNS]] for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=[*COLUMNS])


@report_table(
    "compare_representations",
    "decoders on other tasks and turned to other times, by network and number (named as the "
    "metrics are): every study's against the first's: Welch, Holm within a network, and paired by "
    "seed",
    (
        "name", "diet", "measure", "study", "n", "mean", "sd", "difference", "low", "high",
        "welch_p", "holm_p", "paired_p", "paired_n",
    ),
)  # fmt: skip
def compare_representations(tables: Sequence[NBackTables], names: Sequence[str]) -> pd.DataFrame:
    """Compare numbers of networks of one name: `gru` is each study's gru of its main size."""
    parts = [
        representation_numbers(each).assign(study=name)
        for each, name in zip(tables, names, strict=True)
    ]
    values = pd.concat(parts, ignore_index=True)
    networks = sorted(set(values["name"]), key=_place)
    groups = (networks, (WHOLE, UNTRAINED), dict.fromkeys(values["measure"]))
    order = {part: place for group in groups for place, part in enumerate(group)}
    return against_first(values, [*KEYS], names, order)


def _place(name: str) -> tuple[int, str]:
    architecture = name.partition("-")[0]
    return next(n for n, each in enumerate(ARCHITECTURES) if each == architecture), name
