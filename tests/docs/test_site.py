"""The documentation as one site: whole, readable without a network, with every public name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import pytest

from tools.pages import FACES

ROOT = Path(__file__).parents[2]
LOADED = re.compile(
    r'<(?:script|img|iframe|source)\b[^>]*\bsrc="([^"]+)"|<link\b[^>]*href="([^"]+)"'
)
LINK = re.compile(r'<a\b[^>]*href="([^"]+)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-d", str(place)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.mark.slow
def test_every_public_name_has_its_place(site: Path) -> None:
    for face in FACES:
        page = (site / "api" / f"{face}.html").read_text()
        package = import_module(f"hybridrep.{face}")
        for name in package.__all__:
            assert f'id="hybridrep.{face}.{package._HOME_OF[name]}.{name}"' in page, name


@pytest.mark.slow
def test_no_page_loads_anything_from_elsewhere_and_every_link_leads_to_a_file(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text()
        loaded = [first or second for first, second in LOADED.findall(text)]
        assert loaded
        for target in [*loaded, *LINK.findall(text)]:
            if target in LINK.findall(text) and target.startswith(("https:", "http:", "mailto:")):
                continue
            assert not target.startswith(("http", "//")), f"{page.name}: {target}"
            path = unquote(target.partition("#")[0])
            if path and page.name != "404.html":
                assert (page.parent / path).exists(), f"{page.relative_to(site)}: {target}"
