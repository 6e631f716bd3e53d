"""The study's page: its parts, its contents and its interactive views."""

from __future__ import annotations

from collections.abc import Sequence

from hybridrep.reporting.html.page import Entry, render
from hybridrep.studies.hybrid.report.comparison_view import ComparisonView
from hybridrep.studies.hybrid.report.explorers import explorer_data
from hybridrep.studies.hybrid.report.view import StudyView
from hybridrep.studies.hybrid.similarity.items import ExampleItems

PACKAGE = "hybridrep.studies.hybrid.report"
"""Its folder holds the page's own templates."""

_SECTIONS = (
    ("summary", "Summary"), ("claims", "Claims"), ("table-1", "Table 1"),
    ("paper", "Beside the paper"), ("representations", "Representations"),
    ("transformation", "Transformation"), ("fusion", "What could be reached"),
    ("measures", "Do the measures agree?"), ("curves", "Learning curves"),
    ("appendix", "Appendix"), ("making", "How it was made"),
)  # fmt: skip


def render_page(
    title: str, studies: Sequence[StudyView], comparison: ComparisonView | None = None,
    examples: Sequence[ExampleItems | None] = (), maps: Sequence[str] = (),
) -> str:  # fmt: skip
    """Return the report as one HTML file; without its example a study has no views of tweets.

    `maps` is per study what its diffusion map draws from, empty where it has none.
    """
    return render(
        PACKAGE, "page.html.j2",
        {
            study.prefix: explorer_data(example)
            for study, example in zip(studies, examples, strict=False)
            if example is not None and example.emotion_matrices and example.emotion_projections
        }
        | {
            f"{study.prefix}fusion-": drawn_from
            for study, drawn_from in zip(studies, maps, strict=False)
            if drawn_from
        },
        title=title, studies=studies, comparison=comparison,
        notices=studies[0].notices if len(studies) == 1 else [],
        contents=_contents(studies, comparison is not None),
    )  # fmt: skip


def _contents(studies: Sequence[StudyView], compared: bool) -> list[Entry]:
    entries = [Entry("comparison", "Side by side", first=True)] if compared else []
    for study in studies:
        there: dict[str, object] = {name: study.pictures[name] for name in ("appendix", "measures")}
        there |= {"fusion": study.fusion}
        shown = [section for section in _SECTIONS if there.get(section[0], True)]
        if len(studies) > 1:
            entries.append(Entry(f"{study.prefix}summary", study.name, first=True))
            shown = shown[1:]
        entries += [Entry(study.prefix + anchor, label) for anchor, label in shown]
    return entries
