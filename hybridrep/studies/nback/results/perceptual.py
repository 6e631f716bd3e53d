"""What a linear decoder reads from the images before any network is trained, beside the paper's."""

from __future__ import annotations

import pandas as pd

from hybridrep.reporting.tables import report_table
from hybridrep.studies.nback.results.tables import NBackTables

PUBLISHED = {"location": 1.0, "identity": 0.9957, "category": 1.0}
"""The paper's shares of right answers, by random folds over its own images (section 3)."""


@report_table(
    "perceptual",
    "how well features are decoded from the vision model's maps of the training frames, and from "
    "the mean colour of their patches, in two folds at random and by view",
    (
        "space", "folds", "feature", "multiclass", "chance", "paper", "balanced", "raw",
        "within_category",
    ),
)  # fmt: skip
def perceptual(tables: NBackTables) -> pd.DataFrame:
    """Return the decoders' scores, with what guessing would give and what the paper has."""
    found = tables.perceptual
    values = {"location": 4, **_counts(tables)}
    of_paper = (found["space"] == "perceptual") & (found["folds"] == "images")
    table = found.assign(
        chance=[1 / values[str(each)] for each in found["feature"]],
        paper=found["feature"].map(PUBLISHED).astype("float64").where(of_paper),
    )
    return table[
        [
            "space", "folds", "feature", "multiclass", "chance", "paper", "balanced", "raw",
            "within_category",
        ]
    ]  # fmt: skip


def _counts(tables: NBackTables) -> dict[str, int]:
    """Return how many values identity and category have."""
    config = tables.meta["config"]
    categories = int(config["categories"])
    return {"category": categories, "identity": categories * int(config["identities"])}
