"""A tiny study kept in `tests/data`, one for each version of the tables' layout.

    python -m tests.stored_study

stores the one of the present version. What is stored is never made again: it stands for the
studies that users have.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from hybridrep.running import work
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.results.tables import SCHEMA_VERSION

DATA = Path(__file__).parent / "data"


def folder(version: int) -> Path:
    """Return where the study of a version lies."""
    return DATA / f"study_schema_{version}"


def stored(version: int) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Read the stored parts and meta as they are."""
    place = folder(version)
    parts = {path.stem: pd.read_parquet(path) for path in sorted(place.glob("*.parquet"))}
    return parts, json.loads((place / "meta.json").read_text())


def write() -> None:
    """Run a study of two seeds on parts of the synthetic corpora and store its tables."""
    from hybridrep.execution.store import Store
    from hybridrep.parameters import resolve
    from hybridrep.running.study import Prepared
    from hybridrep.studies.hybrid.prepare import prepare
    from hybridrep.studies.hybrid.results.gather import study_tables
    from hybridrep.studies.hybrid.study import HYBRID
    from hybridrep.testing import small_study

    target = folder(SCHEMA_VERSION).absolute()
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)  # so that the recorded paths are relative
        given = small_study.parameters(Path("small"))
        small = {"study": "stored", "bottlenecks": "8", "autoencoder_epochs": "2"}
        config = resolve({**given, **small}, Config)
        store = Store(Path(config.store))
        study = Prepared(prepare(config, store), store)
        work.compute(config, store, work.study_tasks(HYBRID, study))
        parts, meta = study_tables(study, config.seeds, {}).to_parts()
        os.chdir(target)
    for name, table in parts.items():
        table.to_parquet(target / f"{name}.parquet", index=False)
    (target / "meta.json").write_text(json.dumps(meta, indent=1))


if __name__ == "__main__":
    write()
