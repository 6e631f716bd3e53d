"""Each link into MLflow's UI opened in a real browser: it shows what it says.

Needs the `playwright` package (its own browsers are not used) and a Chromium on the PATH.
"""

from __future__ import annotations

import shutil

import pytest

from hybridrep.testing import seeds_in_mlflow
from hybridrep.testing.databases import set_store
from hybridrep.testing.servers import mlflow_server
from hybridrep.tracking.runs import connect

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next((p for p in map(shutil.which, ("chromium", "google-chrome")) if p), None)
SEEDS = 12  # more than the ten runs that MLflow's charts show by themselves
PATIENCE = 120_000  # milliseconds, for a busy machine

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium or google-chrome here"),
]


@pytest.fixture(scope="module")
def visit(tmp_path_factory):
    """Return a function: a page's title -> the page as a browser shows it."""
    folder = tmp_path_factory.mktemp("ui")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with pytest.MonkeyPatch.context() as patch:
        database = set_store(patch, tmp_path_factory, folder)
        patch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
        with mlflow_server(database, folder / "artifacts") as address:
            patch.setenv("MLFLOW_TRACKING_URI", address)
            written = seeds_in_mlflow.write(connect("hybrid"), SEEDS)
            pages = {page.title: page.address(address) for page in written.pages}
            with playwright.sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)

                def open_page(title):
                    # a context of its own: nothing that the UI keeps in the browser helps
                    context = browser.new_context(viewport={"width": 1600, "height": 1000})
                    page = context.new_page()
                    page.set_default_timeout(PATIENCE)
                    page.goto(pages[title], wait_until="commit")
                    return page

                yield open_page
                browser.close()


def shown(page, text):
    page.get_by_text(text, exact=True).first.wait_for()


def test_the_table_has_the_seeds_of_the_study_and_the_columns_that_matter(visit):
    page = visit("Seeds in a table")
    shown(page, "mine seed 0")
    for name in seeds_in_mlflow.SHOWN[:5]:  # the others are behind the edge of the table
        shown(page, name)
    text = page.inner_text("body")
    assert all(f"mine seed {seed}\n" in f"{text}\n" for seed in range(SEEDS))
    assert not any(other in text for other in ("other seed", "mine sweep", "mine register"))
    assert not any(name in text for name in seeds_in_mlflow.OTHERS)


def test_tables_of_the_seeds_stand_side_by_side(visit):
    page = visit("Tables of the seeds side by side")
    shown(page, "mine seed 0")
    page.get_by_text("transfer.json").first.wait_for()
    assert "registered.json" not in page.inner_text("body")


def test_the_charts_begin_with_parallel_coordinates_over_all_seeds(visit):
    page = visit("Parallel coordinates and bars over seeds")
    page.get_by_text("Parallel coordinates").first.wait_for()
    for name in seeds_in_mlflow.SHOWN[:2]:
        page.get_by_text(name).first.wait_for()
    page.locator(f"text=mine seed {SEEDS - 1}").first.wait_for()


def test_seeds_are_compared_and_box_plots_are_a_click_away(visit):
    page = visit("Seeds compared: box plots (a click)")
    page.get_by_text(f"Comparing {SEEDS} Runs").first.wait_for()
    page.get_by_text("Box Plot").first.click()
    page.locator(".js-plotly-plot .trace.boxes").first.wait_for(state="attached")


def test_the_report_is_open(visit):
    page = visit("Report")
    frame = page.frame_locator("iframe").first
    frame.get_by_text("What the made-up study found").wait_for()


def test_the_best_models_are_there(visit):
    shown(visit("Registered models"), "hybridrep-bert-to-lstm")
