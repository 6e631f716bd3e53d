"""Memory does not grow with the seeds of a study, and at most linearly with those of a stack."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_follows_the_seeds_of_a_stack_not_of_the_study(tmp_path):
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "hybridrep.testing.memory_use", str(tmp_path / "store")],
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    study, stack = ({int(n): mib for n, mib in found[part].items()} for part in ("study", "stack"))
    # 15 more seeds have 140 MiB of vectors of their own.
    assert study[20] - study[5] < 50, found
    # Twice as many seeds more: twice as much more, of models of some 47 MiB each.
    first, second = stack[8] - stack[4], stack[16] - stack[8]
    assert 100 < first < 300, found
    assert second < 2 * first + 100, found
