"""What people said: how alike two items are, or which of three is the odd one."""

from __future__ import annotations

import math

import pandas as pd

from hybridrep.errors import RepresentationError
from hybridrep.parameters import shown

COLUMNS = {"ratings": ("first", "second", "rating"), "triplets": ("a", "b", "c", "odd")}


def checked_judgements(table: pd.DataFrame, kind: str, where: str) -> pd.DataFrame:
    """Return a table of judgements with its columns in order, `subject` last.

    Args:
        table: as read; further columns are left out.
        kind: `ratings` (higher = more alike) or `triplets`.
        where: the file, for messages.

    Raises:
        RepresentationError: a column is missing, a rating no number, an item compared with itself,
            or the odd item none of the three; the message names the row.
    """
    wanted = COLUMNS[kind]
    if missing := [name for name in wanted if name not in table.columns]:
        raise RepresentationError(
            f"{where}: a table of {kind} has the columns {', '.join(wanted)} and may have "
            f"`subject`; there is no {', '.join(missing)}"
        )
    if not len(table):
        raise RepresentationError(f"{where}: holds no judgements")
    found = table[list(wanted)].astype(str).reset_index(drop=True)
    subjects = table["subject"].astype(str) if "subject" in table.columns else ""
    found["subject"] = subjects if isinstance(subjects, str) else subjects.to_numpy()
    items = ["a", "b", "c"] if kind == "triplets" else ["first", "second"]
    for row, judged in enumerate(found.to_dict("records"), 1):
        names = [judged[name] for name in items]
        if len(set(names)) < len(names):
            raise RepresentationError(f"{where}, row {row}: names the item {shown(names[0])} twice")
        if kind == "triplets" and judged["odd"] not in names:
            raise RepresentationError(
                f"{where}, row {row}: the odd item {shown(judged['odd'])} is none of the three"
            )
    if kind == "ratings":
        ratings = pd.to_numeric(found["rating"], errors="coerce")
        for row, (text, rating) in enumerate(zip(found["rating"], ratings, strict=True), 1):
            if not math.isfinite(rating):
                raise RepresentationError(
                    f"{where}, row {row}: the rating {shown(text)} is no number"
                )
        found["rating"] = ratings.astype("float64")
    return found
