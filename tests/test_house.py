"""The layout's rules: who may import whom, and which layers know nothing of any study.

Read from the modules' text, imports inside of functions and for type checks included, so that
nothing is imported and nothing is missed.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from beartype.roar import BeartypeCallHintParamViolation
from jaxtyping import TypeCheckError

from hybridrep.testing import typechecking

PACKAGE = Path(__file__).parents[1] / "hybridrep"
LIBRARIES = {"analysis", "networks", "transforms"}
MACHINE_ROOM = {
    "execution",
    "parameters",
    "reporting",
    "running",
    "sources",
    "sweeping",
    "tracking",
}
EVERYWHERE = {"errors", "messages", "randomness"}
KNOW_STUDIES = {"", "__main__", "command", "project_file", "reference", "studies", "testing"}
"""The root's face, the readers of the catalogue, and what tries the whole."""

WORD = re.compile(r"(?i)(?<![a-z0-9])(bert|tweets?|emotions?|hate|nback)(?![a-z0-9])")
"""A name of a study: a whole word, parted at anything that is no letter, so at `_` as well."""
KINDS = {"sources": {"bert"}}
"""What a layer may name all the same: kinds of encoder."""
COMMENTS = re.compile(r"(?s)/\*.*?\*/|\{#.*?#\}|(?m:^\s*//.*$)")
"""Of style sheets, templates and scripts."""
COLUMNS = {"TEXT_COLUMNS", "LABEL_COLUMNS"}
"""Names of columns may be any word that people give them."""

NOT_YET: set[str] = set()
"""What breaks a rule for the time being; it must shrink, never grow."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text("utf-8"))


def layer(name: str) -> str:
    """The part of the package that a module belongs to; "" for the root."""
    return name.split(".")[1] if "." in name else ""


def is_package(name: str) -> bool:
    return modules()[name].name == "__init__.py"


@cache
def imports(name: str) -> frozenset[tuple[str, str]]:
    """What a module imports of the package: (module, name out of it or "")."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names if alias.name in modules()}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: modules are named in full"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in modules():
                    found.add((inner, ""))
                elif node.module in modules():
                    found.add((node.module, alias.name))
    return frozenset(found)


def edges() -> Iterator[tuple[str, str]]:
    for name in modules():
        yield from ((name, target) for target, _ in imports(name))


def outside_studies() -> Iterator[str]:
    for name, target in edges():
        if layer(target) == "studies" and layer(name) not in KNOW_STUDIES:
            yield f"{name} -> {target}"


def out_of_libraries() -> Iterator[str]:
    allowed = LIBRARIES | {"errors", "randomness"}
    for name, target in edges():
        if layer(name) in LIBRARIES and layer(target) not in allowed:
            yield f"{name} -> {target}"


def between_studies() -> Iterator[str]:
    for name, target in edges():
        if layer(name) == layer(target) == "studies":
            one, other = ([*each.split("."), ""][2] for each in (name, target))
            if one not in (other, "catalogue") and other:
                yield f"{name} -> {target}"


def of_faces() -> Iterator[str]:
    for name in modules():
        for target, symbol in imports(name):
            exported = symbol not in ("", "__version__")
            if is_package(target) and (exported or target != "hybridrep"):
                yield f"{name} -> {target}.{symbol}"


def of_testing() -> Iterator[str]:
    for name, target in edges():
        if layer(target) == "testing" != layer(name):
            yield f"{name} -> {target}"


def circles() -> Iterator[str]:
    """Name every set of modules that import each other, however far around."""
    graph = {
        name: {target for target, _ in imports(name) if not is_package(target)}
        for name in modules()
    }

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = list(graph[start])
        while ahead:
            if (name := ahead.pop()) not in seen:
                seen.add(name)
                ahead += graph[name]
        return seen

    far = {name: reached(name) for name in graph}
    around = {
        frozenset(each for each in far[name] if name in far[each])
        for name in graph
        if name in far[name]
    }
    yield from (" <-> ".join(sorted(circle)) for circle in around if len(circle) > 1)


def words_in(name: str) -> set[str]:
    """The names of studies in a module's identifiers and strings, its docstrings left out."""
    documentation = {
        (node.value.lineno, node.value.col_offset)
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    columns = {
        line
        for node in tree(name).body
        if isinstance(node, ast.Assign)
        and {t.id for t in node.targets if isinstance(t, ast.Name)} & COLUMNS
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    named = set()
    source = io.StringIO(modules()[name].read_text("utf-8"))
    for token in tokenize.generate_tokens(source.readline):
        if (
            token.type in (tokenize.NAME, tokenize.STRING)
            and token.start not in documentation
            and not (layer(name) == "sources" and token.start[0] in columns)
        ):
            named |= {word.lower() for word in WORD.findall(token.string)}
    return named - KINDS.get(layer(name), set())


def words_of_studies() -> Iterator[str]:
    shared = LIBRARIES | MACHINE_ROOM | EVERYWHERE
    for name in modules():
        if layer(name) in shared:
            yield from (f"{name}: {word}" for word in sorted(words_in(name)))
    for ending in ("j2", "js", "css"):
        for path in sorted(PACKAGE.rglob(f"*.{ending}")):
            place = path.relative_to(PACKAGE)
            if place.parts[0] in shared:
                text = COMMENTS.sub("", path.read_text("utf-8"))
                yield from (f"{place}: {word}" for word in sorted({*WORD.findall(text)}))


RULES = (
    outside_studies, out_of_libraries, between_studies, of_faces, of_testing, words_of_studies,
    circles,
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_layout_keeps(rule):
    assert {*rule()} - NOT_YET == set()


def test_what_is_not_yet_kept_is_still_broken():
    assert NOT_YET - {broken for rule in RULES for broken in rule()} == set()


def test_the_rules_see_what_they_look_for(monkeypatch):
    """Each of them finds what is planted, in a package made for it."""
    planted = {
        "hybridrep": "from hybridrep.studies.one import config",
        "hybridrep.analysis": "def __getattr__(name): ...",
        "hybridrep.analysis.measures": "import hybridrep.tracking.runs\ndef as_bert_to_lstm(): ...",
        "hybridrep.tracking": "",
        "hybridrep.tracking.runs": "def f():\n    from hybridrep.studies.one import config",
        "hybridrep.sources": "",
        "hybridrep.sources.rows": 'TEXT_COLUMNS = ("tweet",)\nKIND = "bert"\nX = "a tweet"',
        "hybridrep.studies": "",
        "hybridrep.studies.catalogue": "from hybridrep.studies.one import config",
        "hybridrep.studies.one": "",
        "hybridrep.studies.one.config": "from hybridrep.analysis import cka",
        "hybridrep.studies.two": "",
        "hybridrep.studies.two.config": '"A tweet"\nfrom hybridrep.studies.one import config',
        "hybridrep.randomness": "from hybridrep.testing import hostile",
        "hybridrep.testing": "",
        "hybridrep.testing.hostile": "import hybridrep.randomness",
    }
    packages = {name for name in planted if any(n.startswith(f"{name}.") for n in planted)}
    files = {n: Path(n, "__init__.py") if n in packages else Path(n) for n in planted}
    monkeypatch.setattr(f"{__name__}.modules", lambda: files)
    monkeypatch.setattr(f"{__name__}.tree", lambda name: ast.parse(planted[name]))
    monkeypatch.setattr(f"{__name__}.imports", imports.__wrapped__)
    names = {path: name for name, path in files.items()}
    monkeypatch.setattr(Path, "read_text", lambda path, _: planted[names[path]])
    monkeypatch.setattr(Path, "rglob", lambda *_: [])
    found = {rule.__name__: {*rule()} for rule in RULES}
    assert found == {
        "outside_studies": {"hybridrep.tracking.runs -> hybridrep.studies.one.config"},
        "out_of_libraries": {"hybridrep.analysis.measures -> hybridrep.tracking.runs"},
        "between_studies": {"hybridrep.studies.two.config -> hybridrep.studies.one.config"},
        "of_faces": {"hybridrep.studies.one.config -> hybridrep.analysis.cka"},
        "of_testing": {"hybridrep.randomness -> hybridrep.testing.hostile"},
        "words_of_studies": {"hybridrep.analysis.measures: bert", "hybridrep.sources.rows: tweet"},
        "circles": {"hybridrep.randomness <-> hybridrep.testing.hostile"},
    }


def test_shapes_are_checked_at_run_time_wherever_they_are_written():
    """The check is handed packages by name, which a move would leave unchecked unnoticed."""
    hooked = [f"{name}." for name in typechecking.HOOKED]
    written = {
        f"{name}."
        for name, path in modules().items()
        if re.search(r"(?m)^\s*from jaxtyping import", path.read_text("utf-8"))
    }
    assert [each for each in hooked if not any(n.startswith(each) for n in written)] == []
    assert [name for name in written if not name.startswith(tuple(hooked))] == []


def test_types_and_shapes_of_what_is_imported_are_checked():
    from hybridrep.analysis.centring import taken
    from hybridrep.analysis.dissimilarity import dissimilarities
    from hybridrep.sources.words.tokens import TokenBatch
    from hybridrep.studies.hybrid.similarity.measured import orders_of

    with pytest.raises(TypeCheckError, match="dissimilarities"):
        dissimilarities(np.zeros(3))
    with pytest.raises(BeartypeCallHintParamViolation, match="orders_of"):
        orders_of("0", 40)
    with pytest.raises(TypeCheckError, match="__init__"):
        TokenBatch(np.zeros((2, 3), np.int64), np.zeros(3, np.int64))
    assert taken.__module__ == "hybridrep.analysis.centring", "what checks keeps the names"


def test_no_function_inside_another_writes_a_shape():
    """For those are not checked."""
    outer = [
        function
        for name, path in modules().items()
        if name.startswith(typechecking.HOOKED)
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef)
    ]
    inner = [each for one in outer for each in ast.walk(one) if each is not one]
    functions = [each for each in inner if isinstance(each, ast.FunctionDef)]
    assert functions
    shapes = re.compile(r"\b(Bool|Float|Int|Num|Shaped|UInt)\d*\[")
    assert [
        each.name
        for each in functions
        for argument in (*each.args.args, *each.args.kwonlyargs)
        if argument.annotation and shapes.search(ast.unparse(argument.annotation))
    ] == []
