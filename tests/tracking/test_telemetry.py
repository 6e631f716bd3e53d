"""MLflow's reports of its use are off, unless the user wants them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = """
import hybridrep.tracking.runs
from mlflow.telemetry import get_telemetry_client
print(get_telemetry_client())
"""
SETTING = """
import os, hybridrep.tracking
print(os.environ["MLFLOW_DISABLE_TELEMETRY"])
"""


@pytest.mark.parametrize(
    ("program", "wish", "found"),
    [
        (CLIENT, {}, "None"),
        (SETTING, {}, "true"),
        (SETTING, {"MLFLOW_DISABLE_TELEMETRY": "false"}, "false"),
    ],
    ids=["no client", "switched off", "wanted"],
)
def test_nothing_is_reported_unless_the_user_wants_it(program, wish, found):
    # Under pytest and in CI, MLflow is silent by itself.
    given = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, capture_output=True, text=True, check=True, env=given | wish,
    )  # fmt: skip
    assert done.stdout.split()[-1] == found


def test_mlflow_is_only_imported_where_they_are_switched_off():
    """In `tracking`, after it, or in the code of models, which MLflow runs itself."""
    files = [*ROOT.glob("hybridrep/**/*.py"), *ROOT.glob("entrypoints/*.py")]
    importing = {}
    for path in files:
        text = path.read_text("utf-8")
        if re.search(r"^\s*(import|from) mlflow\b", text, re.MULTILINE):
            importing[path.relative_to(ROOT / "hybridrep")] = text
    elsewhere = {path for path in importing if path.parts[0] not in ("tracking", "testing")}
    assert {path.parent for path in elsewhere} == {
        Path("studies/hybrid/register"), Path("studies/nback/register"),
    }  # fmt: skip
    models = {path for path in elsewhere if re.search(r"(?m)^set_model\(", importing[path])}
    of_models = _used_by({ROOT / "hybridrep" / model for model in models})
    for path in elsewhere - models:
        text = importing[path]
        late = "from hybridrep.tracking." in text and not re.search(r"(?m)^(import|from) mlf", text)
        assert late or ROOT / "hybridrep" / path in of_models, path


def _used_by(models: set[Path]) -> set[Path]:
    """Return the files that models import from their own folders, those of these, and so on."""
    found, waiting = set(models), [*models]
    while waiting:
        path = waiting.pop()
        folder = ".".join(path.parent.relative_to(ROOT).parts)
        names = re.findall(rf"(?m)^from {re.escape(folder)}\.(\w+) import", path.read_text("utf-8"))
        new = {path.with_name(f"{name}.py") for name in names} - found
        found |= new
        waiting += new
    return found
