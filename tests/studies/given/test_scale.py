"""20,000 items of 768 dimensions: all core measures fit into 4 GB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import json
import numpy as np
from hybridrep.studies.given.comparison import measure
from hybridrep.testing.memory_use import peak
rng = np.random.default_rng(0)
first = rng.standard_normal((20_000, 768))
second = first @ rng.standard_normal((768, 768)) / 28 + rng.standard_normal((20_000, 768))
found = measure({"a": first, "b": second}, "core", resamples=0, permutations=0, max_items=20_000)
values = found.pairs.set_index(["measure", "first"])["value"]
print(json.dumps([peak() / 1024, {" ".join(k): v for k, v in values.items()}]))
"""


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_all_core_measures_of_many_items_fit_into_memory():
    root = Path(__file__).parents[3]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=root, capture_output=True, text=True, check=True,
        env={**os.environ, **one, "PYTHONPATH": str(root)},
    )  # fmt: skip
    gigabytes, values = json.loads(done.stdout)
    assert len(values) == 7
    assert all(value == value for value in values.values())
    assert gigabytes < 4, gigabytes
