"""The interactive view in a real browser: what is chosen is shown, and nothing is said or loaded.

Needs the `playwright` package and a Chromium on the PATH. What holds for every page is also tried
on the `report.html` that HYBRIDREP_NBACK_REPORT names.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from hybridrep.reporting.style import CLASS_COLOURS, CLASS_COLOURS_DARK
from hybridrep.studies.nback.report.explorer import KINDS, SYMBOLS
from hybridrep.studies.nback.report.report import build_report
from tests.studies.nback.made_up import made_up

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next((p for p in map(shutil.which, ("chromium", "google-chrome")) if p), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium or google-chrome here"),
]

STEPS = 4


def explored() -> str:
    """Two networks of one task each, with a value of category named like markup."""
    rng = np.random.default_rng(0)

    def task(n: int, feature: str) -> dict:
        cells = np.triu(np.round(0.5 + 0.5 * rng.random((STEPS, STEPS)), 3)).tolist()
        cells = [[value or None for value in row] for row in cells]
        return {
            "name": f"{n}back_{feature}", "label": f"{n}-back {feature}", "n": n,
            "feature": feature, "within": cells, "across": cells,
            "means": rng.normal(size=(STEPS, 2, STEPS, 3)).round(3).tolist(),
            "points": rng.normal(size=(5, STEPS, 3)).round(3).tolist(),
            "labels": rng.integers(0, 2, (5, STEPS)).tolist(), "variance": [0.5, 0.2, 0.1],
        }  # fmt: skip

    return json.dumps({
        "seed": 0, "steps": STEPS, "kinds": KINDS, "symbols": SYMBOLS,
        "networks": [
            {"name": "rnn/mtmf", "label": "rnn, mtmf", "tasks": [task(1, "location")]},
            {"name": "gru/mtmf", "label": "gru, mtmf",
             "tasks": [task(1, "location"), task(2, "category")]},
        ],
        "values": {"location": ["left", "right"], "category": ["<b>car</b>", "boat"]},
        "colours": {"light": CLASS_COLOURS, "dark": CLASS_COLOURS_DARK},
    })  # fmt: skip


def test_the_view_is_driven_in_both_schemes_and_on_a_phone(tmp_path):
    data, path = explored(), tmp_path / "report.html"
    page_of = build_report(made_up(2), draw_plans=lambda _: [], explored=data)
    path.write_text(page_of.html, encoding="utf-8")
    given = os.environ.get("HYBRIDREP_NBACK_REPORT")
    addresses = [path.as_uri(), *([Path(given).resolve().as_uri()] if given else [])]
    assert all(Path(each[7:]).stat().st_size < 8e6 for each in addresses)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    trouble: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        for address in addresses:
            for scheme, width in (("light", 1280), ("dark", 360)):
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme=scheme
                )
                page = context.new_page()
                page.on("console", lambda m: trouble.append(m.text) if m.type != "log" else None)
                page.on("pageerror", lambda error: trouble.append(str(error)))
                page.on("request", lambda r, own=address: None
                        if r.url.startswith(("data:", "blob:")) or r.url == own
                        else trouble.append(r.url))  # fmt: skip
                page.goto(address)
                view = page.locator(".explorer.states")
                view.scroll_into_view_if_needed()
                page.wait_for_selector(".explorer.states[data-ready]", timeout=60_000)
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                if address == addresses[0]:
                    drive(page, view, json.loads(data))
                context.close()
        browser.close()
    assert trouble == []


def drive(page, view, data):
    """Choose a network, a task, a cell; the text, the matrix and the trajectories follow."""
    selects = view.locator("select")
    selects.nth(0).select_option("gru/mtmf")
    selects.nth(1).select_option("2back_category")
    selects.nth(4).select_option("across")
    selects.nth(2).select_option(index=1)
    selects.nth(3).select_option(index=3)
    task = data["networks"][1]["tasks"][1]
    value = view.locator(".inspector .value")
    playwright.expect(value).to_have_text(f"{task['across'][1][3]:.3f}")
    assert "the network is asked about it now" in view.locator(".inspector").inner_text()
    plot = "document.querySelectorAll('.explorer.states .plot')[1]"
    drawn = page.evaluate(f"{plot}.data.filter((t) => t.mode === 'lines+markers').length")
    assert drawn == 2 * 2  # two values, in two pairs of components
    assert "<b>car</b>" in page.evaluate(f"{plot}.textContent")
    view.locator(".plot").first.focus()
    page.keyboard.press("ArrowLeft")
    playwright.expect(value).to_have_text(f"{task['across'][1][2]:.3f}")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    playwright.expect(value).to_have_text("\u2013")  # before the stimulus there is nothing
    assert "has not been shown yet" in view.locator(".inspector").inner_text()
