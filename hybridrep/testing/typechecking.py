"""The run-time check of types and shapes in the tests, put on packages as they are imported.

A signature in which an array's shape is written is checked by jaxtyping, dimensions by name over
all arguments and the result; one without by beartype alone, which costs a call a fraction of that.
A function inside a function is left alone: none writes a shape, and it would be decorated anew at
every call of the outer one.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import decode_source
from types import CodeType, ModuleType
from typing import Any, TypeVar, get_args

import jaxtyping
from beartype import BeartypeConf, beartype
from beartype.roar import BeartypeDecorHintPep673Exception, BeartypeDecorHintPep3119Exception

HOOKED = tuple(
    f"hybridrep.{name}"
    for name in ("analysis", "networks", "reporting.html", "sources", "studies", "transforms")
)
"""The packages that are checked: all in which the shape of an array is written."""

_CONFIGURATION = BeartypeConf(is_pep484_tower=True)  # a whole number is a number

_CHECKED = "_checked_by_the_tests_"

Thing = TypeVar("Thing", bound=Callable[..., Any])


def check(checked: Callable[..., Any]) -> Callable[..., Any]:
    """Check arguments and results of a function at every call, without shapes' names."""
    try:
        return beartype(checked, conf=_CONFIGURATION)
    except (BeartypeDecorHintPep673Exception, BeartypeDecorHintPep3119Exception):
        return checked  # what no call can tell: `Self` of a method alone, a protocol


def checked(thing: Thing) -> Thing:
    """Return a function, or a data class whose making is, checked at every call."""
    if inspect.isclass(thing):
        if is_dataclass(thing) and not getattr(thing, "__no_type_check__", False):
            thing.__init__ = checked(thing.__init__)  # type: ignore[misc]
        return thing
    names = _names(thing)
    if any(map(_writes_shape, names.values())):
        shaped: Thing = jaxtyping.jaxtyped(thing, typechecker=check)
        return shaped
    thing.__annotations__ = {
        name: _resolved(annotation, thing.__globals__)
        for name, annotation in thing.__annotations__.items()
    }
    return check(thing)  # type: ignore[return-value]


def _names(function: Callable[..., Any]) -> dict[str, Any]:
    """Return what the words in a function's annotations stand for where it was written."""
    words = set(re.findall(r"\w+", " ".join(map(str, function.__annotations__.values()))))
    known: Mapping[str, Any] = function.__globals__
    return {word: known[word] for word in words if word in known}


def _writes_shape(named: Any) -> bool:
    """Tell whether a name in an annotation is a type with a shape, or is made of some."""
    if getattr(named, "__module__", "").startswith("jaxtyping"):
        return True
    return any(map(_writes_shape, get_args(named)))


def _resolved(annotation: Any, known: dict[str, Any]) -> Any:
    """Return what an annotation stands for; `Any`, if only type checkers know its names."""
    try:
        return eval(annotation, known) if isinstance(annotation, str) else annotation
    except Exception:  # noqa: BLE001 - also what the names' own classes raise
        return Any


class _Decorating(ast.NodeTransformer):
    """Puts the check on every function and class that is not inside a function."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        self.generic_visit(node)
        place = 0
        for place, child in enumerate(node.body):  # noqa: B007 - read after the loop
            docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            future = isinstance(child, ast.ImportFrom) and child.module == "__future__"
            if not (docstring or future):
                break
        bound = ast.alias(name=checked.__name__, asname=_CHECKED)
        node.body.insert(place, ast.ImportFrom(module=__name__, names=[bound], level=0))
        return ast.fix_missing_locations(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.decorator_list.append(self._check(node))  # below what registers or keeps it
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.decorator_list.insert(0, self._check(node))  # above what makes it a data class
        return node

    @staticmethod
    def _check(node: ast.stmt) -> ast.expr:
        return ast.copy_location(ast.Name(id=_CHECKED, ctx=ast.Load()), node)


class _Loader(SourceFileLoader):
    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:
        tree = _Decorating().visit(ast.parse(decode_source(data), path))
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)

    def path_stats(self, path: Any) -> Mapping[str, Any]:
        raise OSError  # the usual bytecode is neither read nor written


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not any(fullname == name or fullname.startswith(f"{name}.") for name in HOOKED):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def install() -> None:
    """Check whatever of `HOOKED` is imported from now on."""
    sys.meta_path.insert(0, _Finder())
