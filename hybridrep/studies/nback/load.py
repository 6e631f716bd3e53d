"""A finished study, read back from its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.tracking.queries import load_parts
from hybridrep.tracking.server import Server


def load(server: Server, run_id: str) -> NBackTables:
    """Return the tables that a study has left in its run."""
    return NBackTables.from_parts(*load_parts(server, run_id))


def of_parts(parts: Mapping[str, pd.DataFrame], meta: Mapping[str, Any]) -> NBackTables:
    """Return the tables that a study's file holds."""
    return NBackTables.from_parts(parts, meta)
