"""Links in the documents lead somewhere; their commands name targets and parameters that exist."""

from __future__ import annotations

import re
import shlex
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from hybridrep.parameters import resolve
from hybridrep.studies.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", re.DOTALL)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def links() -> list[tuple[Path, str, str]]:
    """Return page, text and target of every link, code blocks aside."""
    return [
        (page, match[1], match[2])
        for page in PAGES
        for match in LINK.finditer(FENCE.sub("", page.read_text()))
        if not match[2].startswith(("http://", "https://"))
    ]


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text())
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", title.strip().lower()) for title in titles]
    return {title.replace(" ", "-") for title in plain}


def command_lines() -> list[tuple[str, str]]:
    """Return page and text of every command: after `$` in a block, or indented as a block is."""
    return [
        (name_of(page), line.strip().removeprefix("$ "))
        for page in PAGES
        for line in page.read_text().replace("\\\n", " ").splitlines()
        if re.match(r" *\$ | {4}", line)
    ]


def commands() -> list[tuple[str, str, str]]:
    """Return page, target and ARGS of every `make`."""
    return [
        (page, match[1], match[2] or "")
        for page, line in command_lines()
        if (match := re.match(r'make ([a-z-]+)(?:\s+ARGS="([^"]*)")?', line))
    ]


def options() -> list[tuple[str, str, str]]:
    """Return page, command and options of the other programs' commands that have any."""
    return [
        (page, match[1], " ".join(re.findall(r"(?<=\s)--[a-z-]+", line)))
        for page, line in command_lines()
        if (match := re.match(r"(dask scheduler|dask worker|mlflow server|mlflow ui)\b", line))
    ]


@pytest.mark.parametrize(("page", "text", "target"), links(), ids=lambda v: str(v)[-40:])
def test_a_link_leads_to_a_file_and_a_heading(page, text, target):
    path, _, anchor = target.partition("#")
    place = (page.parent / path).resolve() if path else page
    assert place.exists(), f"{name_of(page)}: {target}"
    if anchor and place.suffix == ".md":
        assert anchor in anchors(place), f"{name_of(page)}: {target}"


def test_a_name_that_links_to_code_is_defined_there():
    named = [
        (name_of(page), text, (page.parent / target).resolve())
        for page, text, target in links()
        if target.endswith(".py") and re.fullmatch(r"`\w+`", text)
    ]
    assert len(named) > 20
    for page, text, path in named:
        name = text.strip("`")
        assert re.search(rf"^\s*(def|class) {name}\b|^{name}\b.* =", path.read_text(), re.M), (
            f"{page}: {name} is not in {path.name}"
        )


@pytest.mark.parametrize(("page", "target", "arguments"), sorted(set(commands())))
def test_a_command_names_a_target_and_parameters_that_exist(page, target, arguments):
    makefile = (ROOT / "Makefile").read_text()
    targets = {*CATALOGUE.entry_points, *re.findall(r"^([a-z-]+):", makefile, re.M)}
    assert target in targets, page
    entry = CATALOGUE.entry_points.get("full" if target == "plan" else target)
    if entry is not None:
        words = shlex.split(arguments)
        given = [words[place + 1] for place, word in enumerate(words) if word == "-P"]
        resolve(dict(pair.split("=", 1) for pair in given), entry.parameters)


def test_indented_commands_are_found_as_those_in_blocks_are():
    assert ("docs/cluster.md", "full") in [(page, target) for page, target, _ in commands()]
    assert ("docs/upgrades.md", "report") in [(page, target) for page, target, _ in commands()]
    assert {"dask scheduler", "dask worker", "mlflow server"} <= {name for _, name, _ in options()}


@pytest.mark.parametrize(("page", "command", "given"), sorted(set(options())))
def test_a_command_of_dask_or_mlflow_has_the_options_that_it_is_given(page, command, given):
    program, _, name = command.partition(" ")
    if program == "dask":
        pytest.importorskip("distributed")
        entry = import_module(f"distributed.cli.dask_{name}").main
    else:
        entry = import_module("mlflow.cli").cli.commands[name]
    known = {option for each in entry.params for option in (*each.opts, *each.secondary_opts)}
    assert set(given.split()) <= known, page


def test_the_project_is_installed_with_the_pinned_versions():
    """Workers with other libraries than `make` has installed are refused."""
    installs = [
        (name_of(page), line)
        for page in PAGES
        for line in page.read_text().splitlines()
        if re.search(r"pip install.*(\.|hybridrep)\[cluster\]", line)
    ]
    assert installs
    assert all("-c constraints.txt -e" in line for _, line in installs), installs


def test_every_page_is_reached_from_the_index():
    index = ROOT / "docs" / "README.md"
    reached = {
        (page.parent / t.partition("#")[0]).resolve() for page, _, t in links() if page == index
    }
    missing = [name_of(p) for p in PAGES if p.parent == index.parent and p not in {*reached, index}]
    assert not missing
