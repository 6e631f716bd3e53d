"""A finished comparison, read back from its run."""

from __future__ import annotations

import io
import json

import pandas as pd

from hybridrep.errors import TrackingError
from hybridrep.studies.given.tables import SCHEMAS
from hybridrep.tracking.queries import load_file
from hybridrep.tracking.server import Server


def load(server: Server, run_id: str) -> dict[str, pd.DataFrame]:
    """Return the tables that a run of `measure` has left, by name."""
    found = {}
    for name in SCHEMAS:
        content = load_file(server, run_id, f"tables/{name}.json")
        if content is None:
            raise TrackingError(f"the run {run_id} holds no tables/{name}.json")
        parts = json.load(io.BytesIO(content))
        found[name] = pd.DataFrame(parts["data"], columns=parts["columns"])
    return found
