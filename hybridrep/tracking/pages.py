"""Pages of MLflow's UI that open where a study's seeds are compared.

MLflow's UI keeps what a page shows (filter, columns, charts) in a *view state*. Its button "Share"
writes one as JSON into the tag `mlflow.sharedViewState.KEY` of the experiment, and the address
`?viewStateShareKey=KEY` opens it. So do we. Only what has no state is left to a click: which table
of the artifact view is open, which plot of the page that compares runs. The addresses are those of
MLflow 3.17; another version's UI may open with its defaults instead.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from hybridrep.errors import TrackingError
from hybridrep.execution.terminal import show
from hybridrep.tracking import names
from hybridrep.tracking.queries import StudyRun, existing_server, search, study_of
from hybridrep.tracking.server import Server, readable_errors

SHARED = "mlflow.sharedViewState."
"""Begins the tags in which MLflow's UI looks for shared view states."""
LONGEST = 5_000
"""Characters of an experiment's tag that every store of MLflow's takes."""
REPORT = "report/report.html"
LOCAL = "http://127.0.0.1:5000"
"""Where `make ui` serves a tracking store that is no server."""


@dataclass(frozen=True)
class Page:
    """A page of the UI: what it shows, and the part of its address behind the server's."""

    title: str
    place: str  # begins with `#/`, so it works as a link inside the UI on any server

    def address(self, server: str) -> str:
        """Return the whole address."""
        return f"{server.rstrip('/')}/{self.place}"


def ui_address(server: Server) -> str:
    """Return the address of the UI: the tracking server's own, else that of `make ui`."""
    return server.place if server.place.startswith(("http://", "https://")) else LOCAL


def run_page(experiment_id: str, run_id: str, title: str = "This run") -> Page:
    """Return the page of a run."""
    return Page(title, _training(f"#/experiments/{experiment_id}/runs/{run_id}"))


def where_to_look(server: Server, run_id: str) -> str:
    """Return what is said at the end of a run: its page, on a line that no terminal breaks."""
    first = "" if server.place.startswith("http") else " (make ui first)"
    page = run_page(server.experiment_id, run_id)
    return f"This run in MLflow's UI{first}:\n{page.address(ui_address(server))}"


def keep_views(
    server: Server, study_key: str, metrics: Sequence[str], others: Iterable[str] = ()
) -> None:
    """Keep the views of a study's seeds in its experiment, for `study_pages` to open.

    Args:
        metrics: those of a seed's run that are the columns beside its name, and the charts' axes.
        others: its further metrics, whose charts stand folded below.

    Raises:
        TrackingError: the server does not take them.
    """
    states = {
        "table": _table(study_key, metrics),
        "charts": _charts(study_key, metrics, others),
    }
    with readable_errors(server.uri, "keeping the views of the seeds"):
        for name, state in states.items():
            tag = SHARED + _share_key(study_key, name)
            server.client.set_experiment_tag(server.experiment_id, tag, state)


def study_pages(
    server: Server, study_key: str, run_id: str, seed_runs: Sequence[str]
) -> list[Page]:
    """Return the pages of a study whose views were kept: its seeds side by side, and its report."""
    experiment = server.experiment_id

    def shared(name: str, mode: str) -> str:
        asked = {"compareRunsMode": mode, "viewStateShareKey": _share_key(study_key, name)}
        return _training(f"#/experiments/{experiment}/runs", asked)

    pages = [
        Page("Seeds in a table", shared("table", "TABLE")),
        Page("Tables of the seeds side by side", shared("table", "ARTIFACT")),
        Page("Parallel coordinates and bars over seeds", shared("charts", "CHART")),
    ]
    if len(seed_runs) > 1:
        compared = {"runs": json.dumps([*seed_runs]), "experiments": json.dumps([experiment])}
        pages.append(
            Page("Seeds compared: box plots (a click)", _training("#/compare-runs", compared))
        )
    report = f"#/experiments/{experiment}/runs/{run_id}/artifacts/{REPORT}"
    return [
        *pages, Page("Report", _training(report)), Page("Registered models", _training("#/models")),
    ]  # fmt: skip


def as_links(pages: Iterable[Page]) -> str:
    """Return pages as a list in Markdown, for a description inside the UI."""
    return "\n".join(f"- [{page.title}]({page.place})" for page in pages)


def _training(place: str, asked: Mapping[str, str] | None = None) -> str:
    """Return a place in the UI for training, which else opens on its part for language models."""
    query = {"workflowType": "machine_learning", **(asked or {})}
    return f"{place}?{urlencode(query, quote_via=quote)}"


def _share_key(study_key: str, name: str) -> str:
    return f"{study_key[:16]}-{name}"


def _filter(study_key: str) -> str:
    """Return a search for the complete seeds of a study, in MLflow's language."""
    return (
        f"tags.`{names.STUDY_KEY}` = '{study_key}' and tags.`{names.KIND}` = 'seed' "
        "and attributes.status = 'FINISHED'"
    )


def _state(study_key: str, **ui: Any) -> dict[str, Any]:
    """Return a view state: the study's seeds, first to last, none hidden."""
    return {
        "searchFilter": _filter(study_key), "orderByKey": "attributes.start_time",
        "orderByAsc": True, "runsHiddenMode": "SHOW_ALL", **ui,
    }  # fmt: skip


def _table(study_key: str, metrics: Sequence[str]) -> str:
    columns = [f"metrics.`{name}`" for name in metrics]
    return json.dumps(_state(study_key, selectedColumns=columns), separators=(",", ":"))


def _charts(study_key: str, metrics: Sequence[str], others: Iterable[str]) -> str:
    """Return the state of the charts: all metrics as parallel axes, and bars of each.

    The UI adds a chart of every further metric in a section of its folder; those are named here to
    be folded, as far as there is room.
    """
    wide, small = "0", "1"
    base = {"metricSectionId": small, "deleted": False, "isGenerated": False}
    charts: list[dict[str, Any]] = [
        {
            **base, "metricSectionId": wide, "uuid": "p", "type": "PARALLEL",
            "displayName": "Parallel coordinates",
            "selectedParams": [], "selectedMetrics": list(metrics), "showAllRuns": True,
        }
    ]  # fmt: skip
    charts += [
        {
            **base, "uuid": f"b{number}", "type": "BAR", "metricKey": name, "displayName": name,
            "runsCountToCompare": 100,
        }
        for number, name in enumerate(metrics)
    ]  # fmt: skip
    sections = [  # the parallel axes need the whole width
        {"uuid": wide, "name": "All seeds", "display": True, "columns": 1},
        {"uuid": small, "name": "Seeds", "display": True, "columns": 3},
    ]
    folders = sorted({name.rpartition("/")[0] for name in (*metrics, *others)})

    def state(shown: int) -> str:
        folded = [
            {"uuid": f"s{number}", "name": folder or "Model metrics", "display": False}
            for number, folder in enumerate(folders[:shown])
        ]
        return json.dumps(
            _state(
                study_key, compareRunCharts=charts, compareRunSections=[*sections, *folded],
                isAccordionReordered=True,
            ),
            separators=(",", ":"),
        )  # fmt: skip

    return next(
        text for n in range(len(folders), -1, -1) if len(text := state(n)) <= LONGEST or n == 0
    )


def latest_studies(server: Server, most: int = 3) -> list[StudyRun]:
    """Return the latest finished run of each study, the latest first."""
    with readable_errors(server.uri, "looking for studies"):
        runs = search(server, {names.KIND: "study"}, status="FINISHED")
    found: dict[str, StudyRun] = {}
    for study in map(study_of, runs):
        found.setdefault(study.study_key, study)
    return list(found.values())[:most]


def entrances(server: Server, address: str) -> list[str]:
    """Return what to print before the UI is served: where the latest studies can be looked at."""
    lines = []
    for study in latest_studies(server):
        run = run_page(server.experiment_id, study.run_id, "The study's run, with all links")
        lines.append(f"{study.study} ({study.started:%Y-%m-%d %H:%M} UTC):")
        pages = [*study_pages(server, study.study_key, study.run_id, ()), run]
        lines += [f"  {page.title}: {page.address(address)}" for page in pages]
    return lines


def main() -> None:
    """Print the entrances of the tracking store that MLflow's settings name, if there are any."""
    address = sys.argv[1] if len(sys.argv) > 1 else LOCAL
    try:
        lines = entrances(existing_server("hybridrep"), address)
    except TrackingError as error:
        lines = [str(error)]
    show(*(lines or ["There is no finished study yet: run `make full`."]), soft_wrap=True)


if __name__ == "__main__":
    main()
