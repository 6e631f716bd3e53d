"""Importing the package, and asking for help, loads no heavy library.

The libraries are looked for in `sys.modules` of a process of its own: seconds would depend on the
machine.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from hybridrep.studies.catalogue import CATALOGUE

ROOT = Path(__file__).parents[1]
HEAVY = (
    *("torch", "transformers", "datasets", "mlflow", "optuna", "matplotlib", "plotly"),
    *("sklearn", "scipy", "statsmodels", "distributed", "pandas", "pyarrow", "huggingface_hub"),
)
SCRIPTS = sorted(path.stem for path in (ROOT / "entrypoints").glob("[a-z]*.py"))
MODULES = sorted(path.stem for path in (ROOT / "hybridrep").glob("[a-z]*.py"))


def loaded_by(code: str) -> list[str]:
    """Return which heavy libraries a program has loaded when it ends."""
    program = f"""
import contextlib, io, runpy, sys
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
{code}
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return list(ast.literal_eval(done.stdout))


def run_module(name: str) -> str:
    return f"runpy.run_module({name!r}, run_name='__main__')"


def test_importing_the_package_loads_nothing_heavy():
    code = "\n".join(f"    import hybridrep.{name}" for name in MODULES if name != "reference")
    assert loaded_by(code) == []


def test_importing_an_entry_point_loads_nothing_heavy():
    assert {*SCRIPTS} == {*CATALOGUE.entry_points, "store"}
    assert loaded_by("\n".join(f"    import entrypoints.{name}" for name in SCRIPTS)) == []


def test_the_check_sees_what_is_loaded():
    assert "scipy" in loaded_by("    import scipy")


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_loads_nothing_heavy(name):
    code = f"    sys.argv = ['x', '--help']\n    {run_module(f'entrypoints.{name}')}"
    assert loaded_by(code) == []


def test_checking_a_study_again_loads_nothing_that_trains(tmp_path):
    code = f"""
    from pathlib import Path
    from hybridrep.parameters import resolve
    from hybridrep.studies.hybrid.config import Config
    from hybridrep.execution.store import Store
    from hybridrep.studies.hybrid import prepare, study
    prepare.prepare(resolve({{}}, Config), Store(Path({str(tmp_path)!r})))
"""
    assert "torch" in loaded_by(code)  # splits the tweets into words
    heavy = {"torch", "transformers", "sklearn", "scipy", "statsmodels", "matplotlib", "plotly"}
    assert not heavy & {*loaded_by(code)}


@pytest.mark.parametrize("module", ["project_file", "reference"])
def test_writing_generated_files_loads_nothing_heavy(module):
    tables = {"pandas", "pyarrow"}  # the reference names their columns
    assert {*loaded_by(f"    {run_module(f'hybridrep.{module}')}")} <= tables
