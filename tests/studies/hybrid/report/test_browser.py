"""The page in a real browser: no error, no request, and everything that moves works.

Needs the `playwright` package (its own browsers are not used) and a Chromium on the PATH. What
holds for every page is also tried on the `report.html` that HYBRIDREP_REPORT names.
"""

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.testing.reporting_fixtures import NASTY, example_items, study_tables

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next((p for p in map(shutil.which, ("chromium", "google-chrome")) if p), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium or google-chrome here"),
]

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
WALL = {"width": 1920, "height": 1080}


@pytest.fixture(scope="module")
def browser():
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory, small_report):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(small_report.html, encoding="utf-8")
    return path.as_uri()


@pytest.fixture(params=["made-up", *(["given"] if "HYBRIDREP_REPORT" in os.environ else [])])
def any_address(request, address):
    """The made-up page, and the given one if there is any."""
    if request.param == "made-up":
        return address
    return Path(os.environ["HYBRIDREP_REPORT"]).resolve().as_uri()


@pytest.fixture
def visit(browser, address):
    """Open the page; at the end it must have logged no error and asked for nothing else."""
    contexts, trouble = [], []

    def open_page(viewport=DESKTOP, scheme="light", url=address, **options):
        context = browser.new_context(viewport=viewport, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: trouble.append(m.text) if m.type != "log" else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(("data:", "blob:")) or r.url == url
                else trouble.append(r.url))  # fmt: skip
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def ready(page, kind):
    explorer = page.locator(f".explorer.{kind}").first
    explorer.scroll_into_view_if_needed()
    page.wait_for_selector(f".explorer.{kind}[data-ready]", timeout=60_000)
    return explorer


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_window_in_both_schemes(visit, any_address, viewport, scheme):
    page = visit(viewport, scheme, any_address)
    ready(page, "matrix")
    ready(page, "projection")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    red, green, blue = map(
        int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))
    )
    assert (red + green + blue > 600) == (scheme == "light")
    broken = "[...document.images].filter((i) => i.src.length > 9 && !i.naturalWidth).length"
    assert page.evaluate(broken) == 0


def test_hovering_the_matrix_shows_both_tweets_and_the_value(visit):
    page = visit()
    explorer = ready(page, "matrix")
    record = example_items(12, nasty=True).emotion_matrices[0]
    explorer.locator("select").nth(2).select_option("global")
    cell = page.evaluate(
        """() => {
          const plot = document.querySelector('.explorer.matrix .plot');
          const { xaxis, yaxis } = plot._fullLayout;
          const box = plot.getBoundingClientRect();
          return [box.left + xaxis._offset + xaxis.d2p(0), box.top + yaxis._offset + yaxis.d2p(40)];
        }"""
    )
    page.mouse.move(cell[0] - 3, cell[1] - 3)
    page.mouse.move(*cell)
    inspector = explorer.locator(".inspector")
    value = f"{record.matrices['global'][40, 0]:.3f}"
    playwright.expect(inspector.locator(".value")).to_have_text(value.replace("-", "\u2212"))
    assert inspector.locator("bdi").all_text_contents() == [record.items.texts[40], NASTY]
    assert "love" in inspector.inner_text()


def test_arrow_keys_walk_through_the_matrix(visit):
    page = visit()
    explorer = ready(page, "matrix")
    explorer.locator(".plot").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    texts = explorer.locator(".inspector bdi").all_text_contents()
    items = example_items(12, nasty=True).emotion_matrices[0].items
    assert texts == [items.texts[3], items.texts[1]]


def test_every_autoencoder_representation_and_corpus_can_be_chosen(visit):
    page = visit()
    explorer = ready(page, "matrix")
    selects, example = explorer.locator("select"), example_items(12, nasty=True)
    seen = set()
    for corpus, records in (("hate", example.hate_matrices), ("emotion", example.emotion_matrices)):
        selects.nth(0).select_option(corpus)
        for record in records:
            selects.nth(1).select_option(f"{record.direction}/{record.bottleneck}")
            for representation, matrix in record.matrices.items():
                selects.nth(2).select_option(representation)
                value = f"{matrix[0, 1]:.3f}".replace("-", "\u2212")
                playwright.expect(explorer.locator(".value")).to_have_text(value)
                seen.add(value)
    assert len(seen) > 8
    projection = ready(page, "projection")
    options = projection.locator("select").nth(1).locator("option")
    assert options.count() == 2 + 2 * 2
    for value in [option.get_attribute("value") for option in options.all()]:
        projection.locator("select").nth(1).select_option(value)


def test_hovering_the_map_shows_the_tweet(visit):
    page = visit()
    explorer = ready(page, "projection")
    point = page.evaluate(
        """() => {
          const plot = document.querySelector('.explorer.projection .plot');
          const { xaxis, yaxis } = plot._fullLayout;
          const box = plot.getBoundingClientRect();
          const trace = plot.data[2];
          return [box.left + xaxis._offset + xaxis.d2p(trace.x[5]),
                  box.top + yaxis._offset + yaxis.d2p(trace.y[5]), trace.customdata[5]];
        }"""
    )
    page.mouse.move(point[0] - 40, point[1])
    page.mouse.move(point[0], point[1])
    # On its way the mouse may pass another tweet, which is shown until the page hears of this one.
    tweet = example_items(12, nasty=True).emotion_projections[0].items.texts[point[2]]
    playwright.expect(page.locator("#tip")).to_be_visible()
    playwright.expect(page.locator("#tip bdi")).to_have_text(tweet)
    playwright.expect(explorer.locator(".inspector bdi")).to_have_text(tweet)


def test_arrow_keys_walk_through_the_map(visit):
    page = visit()
    explorer = ready(page, "projection")
    explorer.locator(".plot").focus()
    texts = example_items(12, nasty=True).emotion_projections[0].items.texts
    for key, place in (("ArrowRight", 0), ("ArrowDown", 1), ("ArrowDown", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert explorer.locator(".inspector bdi").text_content() == texts[place]
    plot = "document.querySelector('.explorer.projection .plot')"
    chosen = f"{plot}.data.map((trace) => trace.selectedpoints)"
    assert page.evaluate(chosen) == [[1], [], [], [], [], []]
    explorer.locator("select").nth(1).select_option(index=1)
    assert page.evaluate(chosen) == [None] * 6


def test_a_hostile_tweet_is_only_text(visit):
    page = visit()
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    explorer = ready(page, "matrix")
    assert explorer.locator(".inspector bdi").first.text_content() == NASTY
    assert page.locator(".inspector script, .inspector img").count() == 0
    assert dialogs == []


def test_a_hostile_class_name_is_only_text(visit, tmp_path, monkeypatch):
    """plotly.js takes some markup in its texts for what it is: bold type, and links."""
    names = ("<b>a</b>", '<a href="https://x.example/">b</a>', "&lt;c&gt;", "d<br>d", "e", "f")
    monkeypatch.setattr("hybridrep.studies.hybrid.report.report.draw", lambda plans: [])
    example = example_items(6)
    changed = {
        field: tuple(
            replace(record, items=replace(record.items, label_names=names))
            for record in getattr(example, field)
        )
        for field in ("emotion_matrices", "emotion_projections")
    }
    report = build_report([study_tables(seeds=2, epochs=2)], [replace(example, **changed)])
    path = tmp_path / "names.html"
    path.write_text(report.html, encoding="utf-8")
    page = visit(url=path.as_uri())
    explorer = ready(page, "projection")
    assert explorer.locator(".legendtext").all_text_contents() == list(names)
    assert explorer.locator("svg a").count() == 0
    explorer = ready(page, "matrix")
    assert explorer.locator(".xtick text").all_text_contents() == list(names)
    assert explorer.locator("svg a, svg tspan").count() == 0


def test_tables_sort_by_mouse_and_by_keyboard(visit):
    page = visit()
    table = page.locator("#table_1 table")
    button = table.locator("thead button").nth(3)
    column = table.locator("tbody tr td:nth-child(4)")
    before = column.all_text_contents()
    button.click()
    assert column.all_text_contents() == sorted(before)
    button.focus()
    page.keyboard.press("Enter")
    assert column.all_text_contents() == sorted(before, reverse=True)
    assert table.locator("thead th").nth(3).get_attribute("aria-sort") == "descending"
    page.keyboard.press("Enter")
    assert column.all_text_contents() == before


def test_numbers_sort_by_value_and_missing_ones_stay_last(visit):
    page = visit()
    table = page.locator("#tests table")
    heads = [text.strip() for text in table.locator("thead th").all_text_contents()]
    place = heads.index("Difference")
    cells = table.locator(f"tbody tr > :nth-child({place + 1})")
    page.evaluate(
        "n => { document.querySelector('#tests tbody').rows[4].cells[n].dataset.value = ''; }",
        place,
    )
    for click, reverse in ((1, False), (2, True)):
        table.locator("thead button").nth(place).click()
        values = [cell.get_attribute("data-value") for cell in cells.all()]
        assert values[-1] == "", click
        numbers = [float(value) for value in values[:-1]]
        assert numbers == sorted(numbers, reverse=reverse)


def test_figures_enlarge_step_on_and_close(visit):
    page = visit()
    page.locator(".picture button").first.click()
    dialog = page.locator("#viewer")
    playwright.expect(dialog).to_be_visible()
    first = dialog.locator(".title").text_content()
    page.keyboard.press("ArrowRight")
    assert dialog.locator(".title").text_content() != first
    assert len(dialog.locator("img").get_attribute("alt")) > 20
    page.keyboard.press("Escape")
    playwright.expect(dialog).to_be_hidden()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, WALL], ids=["desktop", "phone", "wall"])
def test_enlarged_figures_are_larger_and_never_beyond_their_pixels(visit, any_address, viewport):
    page = visit(viewport, url=any_address)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    figures = page.locator(".picture img")
    inline = figures.evaluate_all("all => all.map((i) => i.getBoundingClientRect().width)")
    pixels = figures.evaluate_all("all => all.map((i) => +i.getAttribute('width'))")
    page.locator(".picture button").first.click()
    image, pan = page.locator("#viewer img"), page.locator("#viewer .pan")
    for small, most in zip(inline, pixels, strict=True):
        page.evaluate("document.querySelector('#viewer img').decode()")
        width = image.bounding_box()["width"]
        assert width <= most + 1
        assert width > min(small, most - 1)
        if viewport == PHONE:
            assert width > 2 * small
            assert pan.evaluate("p => { p.scrollLeft = 50; return p.scrollLeft; }") == 50
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_theme_button_goes_round(visit):
    page = visit(scheme="dark")
    root, button = page.locator("html"), page.locator("#theme")
    seen = []
    for _ in range(3):
        button.click()
        seen.append(root.get_attribute("data-scheme"))
    assert seen == ["light", "dark", "dark"]


def test_the_page_works_inside_a_sandboxed_frame(visit, small_report, tmp_path):
    """Tracking servers show HTML artifacts in a frame that has no origin and no storage."""
    page = small_report.html
    outer = Path(tmp_path) / "outer.html"
    outer.write_text(
        f"""<meta charset="utf-8"><iframe sandbox="allow-scripts" style="width:1000px;height:800px"
        srcdoc="{page.replace("&", "&amp;").replace('"', "&quot;")}"></iframe>""",
        encoding="utf-8",
    )
    page = visit(url=outer.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("#theme").click()
    frame.locator(".explorer.matrix").scroll_into_view_if_needed()
    frame.locator(".explorer.matrix[data-ready]").wait_for(timeout=60_000)


def test_printing_opens_what_is_folded_and_hides_what_cannot_be_printed(visit, any_address):
    page = visit({"width": 690, "height": 1000}, "dark", any_address)  # A4 within its margins
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('details')].every((d) => d.open)")
    playwright.expect(page.locator(".explorer.matrix").first).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 31, 38)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.evaluate("[...document.querySelectorAll('details')].some((d) => d.open)")
