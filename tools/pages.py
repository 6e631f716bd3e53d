"""Hooks of `make docs`: the libraries' API pages, and what pages link to outside docs/.

A page of docs/ links to code and to other pages of the project as files beside it, as code hosts
read it. In the site these stand under project/, code as a page of its own.
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
FACES = ("analysis", "transforms", "networks")
_LINK = re.compile(r"\]\(([^)\s#:]+)((?:#[^)\s]*)?\))")
_OUTSIDE = "project"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are no files of docs/."""
    for face in FACES:
        files.append(File.generated(config, f"api/{face}.md", content=api_page(face)))
    todo = list((ROOT / "docs").glob("*.md"))
    done: set[Path] = set()
    while todo:
        page = todo.pop()
        linked = {target for target in _targets(page) if not _in_docs(target)} - done
        done |= linked
        todo += [target for target in linked if target.suffix == ".md"]
    for path in sorted(done):
        content = path.read_text()
        if path.suffix != ".md":
            title = path.relative_to(ROOT)
            content = (
                f"---\nsearch:\n  exclude: true\n---\n# {title}\n\n~~~~~python\n{content}~~~~~\n"
            )
        files.append(
            File.generated(config, _uri(path), content=content, inclusion=InclusionLevel.NOT_IN_NAV)
        )
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links that leave docs/ lead to where their targets stand in the site."""
    here = PurePosixPath(page.file.src_uri)
    outside = here.parts[0] == _OUTSIDE
    place = ROOT.joinpath(*here.parts[1:]) if outside else ROOT / "docs" / here

    def moved(match: re.Match[str]) -> str:
        target = Path(os.path.normpath(place.parent / match[1]))
        if not target.is_file() or (_in_docs(target) and _in_docs(place)):
            return match[0]
        return f"]({os.path.relpath(_uri(target), here.parent)}{match[2]}"

    return _LINK.sub(moved, markdown)


def api_page(face: str) -> str:
    """Return the page of a library: its docstring, and every public name by module."""
    package = import_module(f"hybridrep.{face}")
    parts = [f"# hybridrep.{face}\n\n{package.__doc__}"]
    for home, names in package._HOMES.items():
        parts.append(f"## {home}\n")
        parts += [f"::: hybridrep.{face}.{home}.{name}\n" for name in names.split()]
    return "\n".join(parts)


def _targets(page: Path) -> set[Path]:
    paths = (Path(os.path.normpath(page.parent / m[1])) for m in _LINK.finditer(page.read_text()))
    return {path for path in paths if path.is_file()}


def _in_docs(path: Path) -> bool:
    return path.is_relative_to(ROOT / "docs")


def _uri(path: Path) -> str:
    """Return where a file of the project stands among the sources of the site."""
    if _in_docs(path):
        return path.relative_to(ROOT / "docs").as_posix()
    place = f"{_OUTSIDE}/{path.relative_to(ROOT).as_posix()}"
    return place if path.suffix == ".md" else f"{place}.md"
