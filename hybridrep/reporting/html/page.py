"""The page itself: template, style and script joined into one file that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

_SCRIPTS = ("theme.js", "tables.js", "figures.js")
_EXPLORER_SCRIPTS = ("data.js", "matrix.js", "projection.js")


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents."""

    anchor: str
    label: str
    first: bool = False


def tied(text: str) -> str:
    """Return a text whose equations and directions do not break over lines."""
    for sign in (" = ", " < ", " ± ", " → "):
        text = text.replace(sign, sign.replace(" ", "\u00a0"))
    return text.replace("95% CI ", "95%\u00a0CI\u00a0")


def _joined(names: Sequence[str]) -> str:
    """Return scripts as one strict block, so that they share names with nothing else."""
    body = "\n".join(_read(f"scripts/{name}") for name in names)
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def page_files() -> dict[str, str]:
    """Return the package's files that are no code but make the page, by their names."""
    folder = Path(__file__).parent
    files = sorted(f for f in folder.rglob("*") if f.suffix in (".j2", ".css", ".js"))
    return {str(file.relative_to(folder)): file.read_text("utf-8") for file in files}


def _read(name: str) -> str:
    return resources.files("hybridrep.reporting.html").joinpath(name).read_text("utf-8")


def _plotly() -> str:
    """Return plotly.js, which the plotly package ships."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())
