"""The page itself: templates, style and scripts joined into one file that loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hybridrep.reporting.html.packing import packed, security_policy

_PACKAGE = "hybridrep.reporting.html"
_SCRIPTS = ("theme.js", "tables.js", "figures.js")

VIEWS = ("matrix.js", "projection.js", "plane.js")
"""The scripts of the common interactive views."""


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents."""

    anchor: str
    label: str
    first: bool = False


@dataclass(frozen=True)
class Explorers:
    """The interactive views' data by their study's prefix, and their library, packed."""

    data: dict[str, str]
    plotly: str


def render(
    package: str, template: str, explorers: Mapping[str, str], views: Sequence[str] = VIEWS,
    **values: Any,
) -> str:  # fmt: skip
    """Return a page as one HTML file.

    Args:
        package: whose folder holds the template; the common ones stand behind it.
        template: a template that extends `report.html.j2`.
        explorers: prefix of a study's anchors -> JSON that its interactive views draw from.
        views: scripts of the interactive views, of the common ones or in the package's folder.
        values: what the templates read.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader(_PACKAGE, ".")]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    )  # fmt: skip
    environment.filters["tied"] = tied
    plotly = _plotly() if explorers else ""
    parts = [_read(f"scripts/{name}") for name in _SCRIPTS]
    if explorers:
        parts += [_read("scripts/data.js"), *(_view(package, name) for name in views)]
    body = "\n".join(parts)
    # one strict block, so that scripts share names with nothing else
    script = f'(() => {{\n"use strict";\n{body}}})();\n'
    return environment.get_template(template).render(
        explorers=Explorers(
            {prefix: packed(data) for prefix, data in explorers.items()},
            packed(plotly) if explorers else "",
        ),
        # style and script are the package's own files, not a study's text
        style=Markup(_read("report.css")),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=security_policy([script, plotly] if explorers else [script]),
        version=version("hybridrep"),
        **values,
    )


def tied(text: str) -> str:
    """Return a text whose equations and directions do not break over lines."""
    for sign in (" = ", " < ", " ± ", " → "):
        text = text.replace(sign, sign.replace(" ", "\u00a0"))
    return text.replace("95% CI ", "95%\u00a0CI\u00a0")


def page_files(*packages: str) -> dict[str, str]:
    """Return the files that are no code but make a page: the common ones and these packages'."""
    return {
        f"{package}/{file.relative_to(folder)}": file.read_text("utf-8")
        for package in (_PACKAGE, *packages)
        for folder in [Path(str(resources.files(package)))]
        for file in sorted(folder.rglob("*"))
        if file.suffix in (".j2", ".css", ".js")
    }


def _read(name: str) -> str:
    return resources.files(_PACKAGE).joinpath(name).read_text("utf-8")


def _view(package: str, name: str) -> str:
    """Return the script of an interactive view: the package's own, else a common one."""
    own = resources.files(package).joinpath(name)
    return own.read_text("utf-8") if own.is_file() else _read(f"scripts/{name}")


def _plotly() -> str:
    """Return plotly.js, which the plotly package ships."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())
