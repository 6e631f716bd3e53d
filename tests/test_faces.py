"""What users import: every public name is there, is what it says, and has an example that runs."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import get_origin

import numpy as np
import pandas as pd
import pytest

from tests.test_imports import loaded_by

ROOT = Path(__file__).parents[1]
FACES = ("hybridrep.analysis", "hybridrep.transforms", "hybridrep.networks")
NAMES = [(face, name) for face in FACES for name in import_module(face).__all__]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "hybridrep").rglob("*.py")
    if ">>> " in path.read_text()
)
ALIASES = {"Centring", "Chance", "Change", "Compares", "Need", "Resampling", "Side"}
RECORDS = {
    *("Activation", "AutoencoderResult", "Claim", "Column", "Interval", "LinearBaseline"),
    *("Moments", "NoiseCeiling", "Part", "Ridge", "Sizes", "StudyIntervals", "TTest"),
    *("Autoencoder", "FullyConnectedTransform", "ModelData", "NetworkData", "Transform"),
    *("Crossed", "Difference", "Power", "TrainedNetwork"),
    *("Comparator", "Dissimilarity", "Family", "score_rsa"),
    *("Decoded", "HeldOut", "Identification", "Layout"),
    *("Decoders", "DecoderScores", "DecodersOverTime", "LabelSetScores", "StateCentring"),
    "TimeScores",
    *("Decoders", "DecoderScores", "DecodersOverTime", "StateCentring", "TimeScores"),
    *("Contrast", "DecodersAt", "Orthogonality", "Rotation", "RotationScore", "Shape"),
}
"""What the example of something else makes or takes."""


def docstrings(module: str) -> dict[str, str]:
    """Return the docstrings of a module's functions, classes, their methods and constants."""
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    found: dict[str, str] = {}

    def walk(body: list[ast.stmt], prefix: str) -> None:
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[prefix + node.name] = ast.get_docstring(node) or ""
                walk(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name) and isinstance(after.value, ast.Constant):
                    found[prefix + target.id] = inspect.cleandoc(str(after.value.value))

    walk(ast.parse(path.read_text()).body, "")
    return found


EXAMPLES = [
    (module, name)
    for module in MODULES
    for name, text in docstrings(module).items()
    if ">>> " in text
]


@pytest.mark.parametrize(("face", "name"), NAMES)
def test_a_public_name_is_what_its_module_defines(face: str, name: str) -> None:
    module = import_module(face)
    value = getattr(module, name)
    home = import_module(f"{face}.{module._HOME_OF[name]}")
    assert value is getattr(home, name)
    assert not isinstance(value, ModuleType)
    assert not (ROOT / face.replace(".", "/") / f"{name}.py").exists(), "a module may stand there"
    if name.isupper():
        assert isinstance(value, Mapping)
        assert value
    elif name in ALIASES:
        assert get_origin(value) is not None
    else:
        assert callable(value)
        assert isinstance(value, type) == name[0].isupper()
        assert value.__module__ == home.__name__


@pytest.mark.parametrize("face", FACES)
def test_a_face_names_the_same_everywhere(face: str) -> None:
    module = import_module(face)
    (block,) = [
        node
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imported = {
        alias.name: (node.module or "").removeprefix(f"{face}.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == module._HOME_OF
    assert sorted(module.__all__) == sorted(imported)
    assert dir(module) == sorted(module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = module.nothing


def test_importing_a_face_loads_nothing_heavy() -> None:
    assert loaded_by("\n".join(f"    import {face}" for face in FACES)) == []


@pytest.mark.parametrize(("face", "name"), NAMES)
def test_a_public_name_says_what_it_is_and_shows_it(face: str, name: str) -> None:
    text = docstrings(f"{face}.{import_module(face)._HOME_OF[name]}")[name]
    assert text
    assert (">>> " in text) == (name not in ALIASES | RECORDS)


@pytest.mark.parametrize(("module", "name"), EXAMPLES)
def test_an_example_gives_what_it_says(module: str, name: str) -> None:
    names = {"np": np, "pd": pd, **vars(import_module(module))}
    text = docstrings(module)[name]
    example = doctest.DocTestParser().get_doctest(text, names, f"{module}.{name}", None, 0)
    said: list[str] = []
    results = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert results.attempted
    assert not results.failed, "".join(said)


BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_page_of_measures_run() -> None:
    names: dict[str, object] = {}
    blocks = BLOCK.findall((ROOT / "docs" / "measures.md").read_text())
    assert len(blocks) > 6
    for block in blocks:
        exec(compile(block, "docs/measures.md", "exec"), names)


def test_the_examples_of_the_page_of_the_libraries_run(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "library.md").read_text()
    assert {title for title in FACES if f"`{title}`" in page} == {*FACES}
    names: dict[str, object] = {}
    blocks = BLOCK.findall(page)
    assert len(blocks) >= len(FACES)
    for block in blocks:
        exec(compile(block, "docs/library.md", "exec"), names)
