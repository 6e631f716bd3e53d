"""The version of the code that makes a result: a hash of what it says, not of how it looks.

Nobody has to remember to raise a number: when a module, or any module of the same package that
it imports, is changed, its version changes and older results are not used again. Comments,
docstrings, layout and blocks under `if TYPE_CHECKING` do not count. At a module that declares a
stage of its own (`NAME = Stage(...)`) a version stops: that code enters through the keys of what
the stage made, so a loader stands in the key of what it loads and in no training's.

Limits: an import by a computed name (`import_module(name)`) is not seen, one by a literal name
is. Another minor version of Python may describe the same source differently, which only costs
a new computation. Package data is not code: its fingerprint belongs in the key.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

NOT_SCIENCE = (
    "hybridrep.execution", "hybridrep.running", "hybridrep.tracking", "hybridrep.parameters",
    "hybridrep.messages", "hybridrep.errors",
)  # fmt: skip
"""Packages and modules that cannot change a result's numbers."""

_NUMERIC = {
    "torch": ("torch",),
    "numpy": ("numpy",),
    "scipy": ("scipy",),
    "sklearn": ("scikit-learn",),
    "transformers": ("transformers", "tokenizers"),  # imports the other for an encoder's tokens
    "torchtext": ("torchtext",),
}
"""Import name -> distributions of the libraries whose version can change numbers."""
MOST_READINGS = 5_000
"""Kept readings of sources; with more, those of older sources are dropped."""


@dataclass(frozen=True)
class _Module:
    """What one source file says."""

    digest: str
    imports: frozenset[str]
    declares_stage: bool


_new_readings: dict[str, _Module] = {}


def covered_modules(module_name: str, exclude: tuple[str, ...] = NOT_SCIENCE) -> frozenset[str]:
    """Return the modules whose code `code_version` of a module covers, itself among them."""
    package = module_name.partition(".")[0]
    covered: set[str] = set()
    waiting = [module_name]
    while waiting:
        name = waiting.pop()
        if name in covered:
            continue
        covered.add(name)
        for imported in _read(name).imports:
            if imported.partition(".")[0] != package:
                continue
            found = _nearest_module(imported)
            if found == package or found in covered or _within(found, exclude):
                continue
            if not _read(found).declares_stage:
                waiting.append(found)
    return frozenset(covered)


@cache
def code_version(module_name: str, exclude: tuple[str, ...] = NOT_SCIENCE) -> str:
    """Return a hash over the code of a module and everything of its package that it uses.

    Covers the module, transitively all modules of the same top-level package that it imports
    (also inside functions) and that declare no stage of their own, and the versions of the
    numeric libraries imported by any of them. The top-level package's own `__init__`
    is left out: it carries the release number, which is no reason to compute anything again.
    Nothing is imported to find out; a process computes each answer once.
    """
    modules = {name: _read(name) for name in sorted(covered_modules(module_name, exclude))}
    imported = {name for module in modules.values() for name in module.imports}
    libraries = {name.partition(".")[0] for name in imported} & _NUMERIC.keys()
    lines = [f"{name} {module.digest}" for name, module in modules.items()]
    distributions = sorted(name for root in libraries for name in _NUMERIC[root])
    lines += [f"{name} {_library_version(name)}" for name in distributions]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _within(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def fix_code_versions(package: str) -> None:
    """Compute the versions of a package's imported modules now, for the rest of the process.

    Called at the start: what is computed later would read a source that may have been edited
    meanwhile, and file what this process makes under code that it does not run.
    """
    for name in sorted(sys.modules):
        if _within(name, (package,)):
            code_version(name)
    _keep_readings()


@cache
def _library_version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


@cache
def _spec(name: str) -> ModuleSpec | None:
    """Find a module without importing it or the packages it lies in."""
    parent = name.rpartition(".")[0]
    if not parent:
        # The path finder knows no editable installs; find_spec does, and imports nothing here.
        return PathFinder.find_spec(name) or importlib.util.find_spec(name)
    above = _spec(parent)
    if above is None or above.submodule_search_locations is None:
        return None
    return PathFinder.find_spec(name, list(above.submodule_search_locations))


@cache
def _source(name: str) -> Path | None:
    """Return the source file of a module; None if it is no module, or not Python."""
    spec = _spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _nearest_module(dotted: str) -> str:
    """Return the module that a dotted name lies in: `a.b.function` -> `a.b`."""
    while "." in dotted and _source(dotted) is None:
        dotted = dotted.rpartition(".")[0]
    return dotted


@cache
def _read(name: str) -> _Module:
    path = _source(name)
    if path is None:
        raise ModuleNotFoundError(f"no Python source for the module {name!r}", name=name)
    source = path.read_bytes()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    mark = hashlib.sha256(b"\0".join([source, package.encode()])).hexdigest()
    if (known := _readings().get(mark)) is None:
        known = _new_readings[mark] = _read_source(source, package)
    return known


def _read_source(source: bytes, package: str) -> _Module:
    tree = ast.parse(source)
    imports = set(_bare(tree, package))
    if b"import_module" in source or b"__import__" in source:
        imports.update(_literal_imports(tree))
    dump = ast.dump(tree).encode("utf-8", "surrogatepass")
    stage = any(map(_declares_stage, tree.body))
    return _Module(hashlib.sha256(dump).hexdigest(), frozenset(imports), stage)


def _readings_file() -> Path:
    """Return where readings are kept from one process to the next: beside Python's own.

    In its name stands what reads sources, this module and Python, for other readers read otherwise.
    """
    reader = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    cached = Path(importlib.util.cache_from_source(__file__))
    return cached.with_suffix(f".{reader}.json")


@cache
def _readings() -> dict[str, _Module]:
    """Return the kept readings by a hash of what was read; none where they cannot be used."""
    try:
        kept = json.loads(_readings_file().read_text("utf-8"))
        return {
            mark: _Module(str(digest), frozenset(map(str, imports)), bool(stage))
            for mark, (digest, imports, stage) in kept.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, NotImplementedError):
        return {}


def _keep_readings() -> None:
    """Keep new readings, unless Python itself is to keep nothing, or cannot."""
    if not _new_readings or sys.dont_write_bytecode:
        return
    every = {**(_readings() if len(_readings()) < MOST_READINGS else {}), **_new_readings}
    content = {mark: [m.digest, sorted(m.imports), m.declares_stage] for mark, m in every.items()}
    with contextlib.suppress(OSError, NotImplementedError):
        file = _readings_file()
        file.parent.mkdir(exist_ok=True)
        temporary = file.with_name(f"{file.name}.{os.getpid()}")
        temporary.write_text(json.dumps(content), "utf-8")
        temporary.replace(file)
        _readings().update(_new_readings)
        _new_readings.clear()


def _declares_stage(statement: ast.stmt) -> bool:
    """Tell whether a statement at a module's top is `NAME = Stage(...)`."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(value, ast.Call) and _last_name(value.func) == "Stage"


def _bare(tree: ast.Module, package: str) -> Iterator[str]:
    """Strip a tree in place of what cannot change a number; yield the names that it imports.

    Bare strings go (docstrings, also of attributes), and blocks for the type checker. Walks
    statements only, which is several times faster than all nodes.
    """
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            yield from (base if a.name == "*" else f"{base}.{a.name}" for a in node.names)
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                block[:] = [kept for statement in block for kept in _kept(statement)]
                waiting.extend(block)


def _kept(statement: ast.AST) -> list[ast.AST]:
    """Return what stays of one statement: nothing, itself, or a type-checking block's else."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return [] if isinstance(statement.value.value, str) else [statement]
    if isinstance(statement, ast.If) and _last_name(statement.test) == "TYPE_CHECKING":
        return [kept for other in statement.orelse for kept in _kept(other)]
    return [statement]


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the module that `from ... import` names, relative ones made absolute."""
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    parents = parents[: len(parents) - node.level + 1]
    return ".".join([*parents, node.module] if node.module else parents)


def _literal_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name, first = _last_name(node.func), node.args[0]
            if name in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield str(first.value)


def _last_name(node: ast.AST) -> str:
    """Return `c` of the expressions `c` and `a.b.c`, else nothing."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
