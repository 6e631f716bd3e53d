"""Run the fast tests with the oldest and with the newest versions that pyproject.toml allows.

    python -m tools.matrix [oldest] [newest] [-- options of pytest]

Each side gets an environment of its own in `.matrix/`, made anew when what it asks for changes and
brought up to the latest releases whenever the matrix is run.
The oldest takes every direct dependency at its lower bound, so a bound that is not honest fails
here, by pip's resolver or by a test. What those dependencies need in turn is as new as it may be.
Python is the one that runs this: only 3.11 is tried.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".matrix"
SIDES = ("oldest", "newest")
HELD = ("torch",)
"""Kept at the version of constraints.txt on both sides: numbers are tied to torch's minor version,
and other builds of it may bring gigabytes of GPU libraries."""
CHECKERS = ("ruff", "mypy", "pandas-stubs", "types-PyYAML")
"""Read the code and take no part in running it: any version that pip finds will do."""


def requirements() -> list[Requirement]:
    """Return the direct dependencies that pyproject.toml declares, the extras' included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    found = [Requirement(text) for group in groups for text in group]
    return [each for each in found if each.name != project["name"]]


def lower_bound(requirement: Requirement) -> str:
    """Return the oldest version that a requirement allows.

    Raises:
        ValueError: it names none.
    """
    bounds = [s.version for s in requirement.specifier if s.operator in (">=", "==", "~=")]
    if len(bounds) != 1:
        raise ValueError(f"{requirement} names no lower bound")
    return bounds[0]


def held_versions() -> dict[str, str]:
    """Return the versions of `HELD` by name, from constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {name: pins[name] for name in HELD}


def constraints(side: str, declared: Iterable[Requirement]) -> str:
    """Return the text of a constraints file for one side of the matrix."""
    held = held_versions()
    versions: dict[str, str] = {}
    if side == "oldest":
        run = (each for each in declared if each.name not in CHECKERS)
        versions = {canonicalize_name(each.name): lower_bound(each) for each in run}
    return "".join(f"{name}=={version}\n" for name, version in sorted({**versions, **held}.items()))


def prepare(side: str) -> Path:
    """Make a side's environment, or bring it up to the releases of today; return its Python."""
    folder = PLACE / side
    python, file, done = folder / "bin" / "python", PLACE / f"{side}.txt", folder / "made-from.txt"
    wanted = constraints(side, requirements())
    made_from = wanted + (ROOT / "pyproject.toml").read_text()
    PLACE.mkdir(exist_ok=True)
    file.write_text(wanted)
    if not (done.exists() and done.read_text() == made_from):
        print(f"making the {side} environment in {folder}", flush=True)
        venv.create(folder, clear=True, with_pip=True)
    # Without "eager", pip leaves alone whatever version satisfies what is declared.
    pip = [
        str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off",
        "--upgrade", "--upgrade-strategy=eager", "-c", str(file), "-e", f"{ROOT}[dev]",
    ]  # fmt: skip
    log = PLACE / f"{side}.log"
    with log.open("w") as output:
        made = subprocess.run(pip, stdout=output, stderr=subprocess.STDOUT, check=False)
    if made.returncode:
        sys.exit(f"{''.join(log.read_text().splitlines(True)[-20:])}\nall of it: {log}")
    done.write_text(made_from)
    return python


def installed(side: str) -> dict[str, str]:
    """Return the versions in a side's environment by canonical name."""
    place = next((PLACE / side / "lib").glob("python*/site-packages"))
    found = importlib.metadata.distributions(path=[str(place)])
    return {canonicalize_name(each.name): each.version for each in found}


def table(sides: Sequence[str]) -> str:
    """Return, as Markdown, what each side has of every direct dependency."""
    versions = {side: installed(side) for side in sides}
    lines = [f"| dependency | {' | '.join(sides)} |", f"|---|{'---|' * len(sides)}"]
    run = {canonicalize_name(each.name) for each in requirements() if each.name not in CHECKERS}
    for name in sorted(run):
        lines.append(f"| {name} | {' | '.join(versions[side][name] for side in sides)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Make the environments, run the tests in each, print what was tested."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    sides, options = list(arguments[:split]) or list(SIDES), arguments[split + 1 :]
    if unknown := set(sides) - set(SIDES):
        print(f"there is no side {', '.join(sorted(unknown))}: give {' or '.join(SIDES)}")
        return 2
    pythons = {side: prepare(side) for side in sides}
    codes = {}
    for side, python in pythons.items():
        print(f"\n{side}: the fast tests", flush=True)
        pytest = [str(python), "-m", "pytest", "-q", "-m", "not slow", *options]
        codes[side] = subprocess.run(pytest, cwd=ROOT, check=False).returncode
    print(f"\n{table(sides)}\n")
    for side, code in codes.items():
        print(f"{side}: {'passed' if code == 0 else f'failed (exit code {code})'}")
    return int(any(codes.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
