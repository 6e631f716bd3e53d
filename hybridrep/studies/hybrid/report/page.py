"""hybridrep.studies.hybrid.report.page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hybridrep.reporting.html.packing import packed, security_policy
from hybridrep.reporting.html.page import (
    _EXPLORER_SCRIPTS,
    _SCRIPTS,
    Entry,
    _joined,
    _plotly,
    _read,
    tied,
)
from hybridrep.studies.hybrid.report.comparison_view import ComparisonView
from hybridrep.studies.hybrid.report.explorers import explorer_data
from hybridrep.studies.hybrid.report.view import StudyView
from hybridrep.studies.hybrid.similarity.items import ExampleItems

_SECTIONS = (
    ("summary", "Summary"),
    ("claims", "Claims"),
    ("table-1", "Table 1"),
    ("paper", "Beside the paper"),
    ("representations", "Representations"),
    ("transformation", "Transformation"),
    ("curves", "Learning curves"),
    ("appendix", "Appendix"),
    ("making", "How it was made"),
)


@dataclass(frozen=True)
class Explorers:
    """The interactive views' data by their study's prefix, and their library, packed."""

    data: dict[str, str]
    plotly: str


def render_page(
    title: str,
    studies: Sequence[StudyView],
    comparison: ComparisonView | None = None,
    examples: Sequence[ExampleItems | None] = (),
) -> str:
    """Return the report as one HTML file.

    Args:
        title: the page's title.
        studies: the studies' parts, in order.
        comparison: the part that puts them side by side.
        examples: what the studies' interactive views show, in order; None where there are none.
    """
    environment = Environment(
        loader=PackageLoader("hybridrep.reporting.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["tied"] = tied
    data = {
        study.prefix: packed(explorer_data(example))
        for study, example in zip(studies, examples, strict=False)
        if example is not None and example.emotion_matrices and example.emotion_projections
    }
    plotly = _plotly() if data else ""
    explorers = Explorers(data, packed(plotly) if data else "")
    script = _joined([*_SCRIPTS, *(_EXPLORER_SCRIPTS if data else ())])
    return environment.get_template("report.html.j2").render(
        title=title,
        studies=studies,
        comparison=comparison,
        notices=studies[0].notices if len(studies) == 1 else [],
        contents=_contents(studies, comparison is not None),
        explorers=explorers,
        # style and script are the package's own files, not a study's text
        style=Markup(_read("report.css")),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=security_policy([script, plotly] if data else [script]),
        version=version("hybridrep"),
    )


def _contents(studies: Sequence[StudyView], compared: bool) -> list[Entry]:
    entries = [Entry("comparison", "Side by side", first=True)] if compared else []
    for study in studies:
        shown = [s for s in _SECTIONS if s[0] != "appendix" or study.pictures["appendix"]]
        if len(studies) > 1:
            entries.append(Entry(f"{study.prefix}summary", study.name, first=True))
            shown = shown[1:]
        entries += [Entry(study.prefix + anchor, label) for anchor, label in shown]
    return entries
