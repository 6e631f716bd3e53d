"""A finished study, read back from its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.tracking.queries import load_parts
from hybridrep.tracking.server import Server


def load(server: Server, run_id: str) -> StudyTables:
    """Return the tables that a study has left in its run."""
    return StudyTables.from_parts(*load_parts(server, run_id))


def of_parts(parts: Mapping[str, pd.DataFrame], meta: Mapping[str, Any]) -> StudyTables:
    """Return the tables that a study's file holds."""
    return StudyTables.from_parts(parts, meta)
