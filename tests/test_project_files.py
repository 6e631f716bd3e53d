"""The files that repeat the configuration or the pinned versions agree with their one source."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from mlflow.projects.utils import load_project
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hybridrep.parameters import default_of
from hybridrep.project_file import project_file
from hybridrep.studies.catalogue import CATALOGUE
from hybridrep.studies.hybrid.config import Config

ROOT = Path(__file__).parents[1]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name): version.strip() for name, version in pairs}


def test_mlproject_is_the_one_written_from_the_configuration():
    assert (ROOT / "MLproject").read_text() == project_file()


def test_what_an_entry_point_does_not_list_is_handed_on_to_its_command():
    """One line of parameters serves all: the command names what has no effect on it."""
    entry = load_project(ROOT).get_entry_point("lstm")
    assert "encoder" not in entry.parameters
    command = entry.compute_command({"encoder": "a b", "seeds": "3"}, None)
    assert shlex.split(command)[-2:] == ["--encoder", "a b"]
    assert "--seeds 3" in command


def test_mlproject_names_one_environment():
    document = yaml.safe_load((ROOT / "MLproject").read_text())
    assert document["conda_env"] == "conda.yaml"
    assert "python_env" not in document


def test_every_pinned_version_lies_in_the_range_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (Requirement(text) for group in groups for text in group):
        if requirement.name != "hybridrep":
            version = pins()[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), requirement


def test_conda_yaml_installs_the_same_versions():
    packages = yaml.safe_load((ROOT / "conda.yaml").read_text())["dependencies"]
    listed = {
        canonicalize_name(name): version
        for name, version in (line.split("==") for line in packages[-1]["pip"])
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    assert needed <= set(listed)
    assert all(pins()[name] == version for name, version in listed.items())


def test_every_dependency_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text()
    block = text[text.index("dependencies = [") : text.index("[tool.setuptools")]
    lines = [line for line in block.splitlines() if re.match(r'\s+"', line)]
    assert lines
    assert all("  # " in line for line in lines)


def test_every_imported_library_is_a_declared_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    providers = packages_distributions()
    for path in sorted((ROOT / "hybridrep").rglob("*.py")):
        groups = [project["dependencies"], optional["cluster"], optional["h5"]]
        if "testing" in path.parts:
            groups.append(optional["dev"])
        declared = {canonicalize_name(Requirement(text).name) for group in groups for text in group}
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names}:
                found = {canonicalize_name(each) for each in providers.get(top, [])}
                known = top in sys.stdlib_module_names or top == "hybridrep" or found & declared
                assert known, f"{path.name} imports {top}"


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CATALOGUE.entry_points])
def test_every_entry_point_lists_the_parameters_that_bear_on_it_in_its_help(name):
    shown = subprocess.run(
        [sys.executable, "-m", f"entrypoints.{name}", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    listed = set(re.findall(r"^  --(\w+)", shown, re.M)) - {"help", "experiment"}
    assert listed == {*CATALOGUE.bearing(CATALOGUE.entry_points[name])}


def test_make_refuses_a_parameter_outside_args():
    def ends(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "--dry-run", "full", *arguments], cwd=ROOT, capture_output=True, text=True
        )  # fmt: skip

    refused = ends("seeds=5")
    assert refused.returncode == 2
    assert 'ARGS="-P seeds=5"' in refused.stderr
    assert ends("ARGS=-P seeds=5").returncode == 0


def test_readme_table_gives_every_parameter_with_its_defaults():
    readme = (ROOT / "README.md").read_text()
    for name, field in Config.model_fields.items():
        cells = [_cell(default_of(name, profile, Config)) for profile in ("quickstart", "paper")]
        row = f"| `{name}` | {field.description} | {cells[0]} | {cells[1]} |"
        assert row in readme, row


def _cell(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`" if text else ""
