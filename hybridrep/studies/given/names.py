"""What a run of `measure` leaves, and how its metrics are called."""

from __future__ import annotations

KIND = "measure"
"""The kind of its runs."""

PRIMARY_TAG, ITEMS_TAG, DESIGN_TAG = (
    "hybridrep.primary", "hybridrep.items", "hybridrep.design",
)  # fmt: skip


def metric(measure: str, first: str, second: str, what: str = "") -> str:
    """Return the metric of a measure of two representations, or of an end of its interval."""
    return f"measure/{measure}/{first}__{second}" + (f"/{what}" if what else "")
