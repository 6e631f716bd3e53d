"""Names and tweets in pages, Markdown, figures and commands are text, whatever they hold."""

import shlex
from copy import deepcopy
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from inspect import unwrap
from types import SimpleNamespace

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from hybridrep.reporting.drawing import draw
from hybridrep.reporting.markup import code, fenced, inline, plain
from hybridrep.running import register
from hybridrep.studies.hybrid.register import card as register_card
from hybridrep.studies.hybrid.report.figures.catalogue import plan_figures
from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.studies.hybrid.report.reproduce import reproduce_command
from hybridrep.studies.hybrid.results import seed_run as records
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.testing.hostile import MARKUP, examples, texts
from hybridrep.testing.reporting_fixtures import example_items, study_tables
from hybridrep.tracking.registry import Registration

TAGS = {
    "p", "h1", "h2", "h3", "ol", "ul", "li", "em", "strong", "code", "pre", "blockquote", "br",
    "table", "thead", "tbody", "tr", "th", "td", "hr",
}  # fmt: skip


class Rendered(HTMLParser):
    """Markdown as a browser gets it: its elements, and its text."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        renderer = MarkdownIt("commonmark", {"html": True}).enable("table")
        self.feed(renderer.render(markdown))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text += data


def check(rendered: Rendered) -> None:
    assert set(rendered.tags) <= TAGS | ({"a"} if rendered.links else set())
    assert all(link.startswith("#/experiments/") for link in rendered.links)


@given(texts)
@examples(300)
def test_a_name_is_only_text(name):
    folded = " ".join(name.split())
    for markdown in (f"a {plain(name)} b", f"a {code(name)} b" if folded else "a b"):
        rendered = Rendered(markdown)
        assert set(rendered.tags) <= {"p", "code"}
        if folded and "\ufffd" not in folded:
            assert " ".join(rendered.text.split()) == f"a {folded} b"


@given(texts)
@examples(200)
def test_a_cell_is_only_text(name):
    row = f"| a | b |\n|---|---|\n| {inline(name)} | end |\n"
    rendered = Rendered(row)
    inside = [tag for tag in rendered.tags if tag != "em"]  # a name may be emphasised, not more
    assert inside == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    assert rendered.text.split()[-1] == "end"


@given(texts)
@examples(200)
def test_a_code_block_is_not_ended_from_inside(text):
    rendered = Rendered(f"{fenced(text, 'sh')}\n\nend")
    assert rendered.tags == ["pre", "code", "p"]
    assert rendered.text.endswith("end\n") or rendered.text.endswith("end")


@cache
def _tables() -> StudyTables:
    return study_tables(seeds=2, epochs=2)


def hostile_tables(markup: str) -> StudyTables:
    """A study all of whose names are the markup."""
    tables = replace(_tables(), meta=deepcopy(_tables().meta))
    tables.meta["study"] = markup
    tables.meta["config"] |= dict.fromkeys(
        ("study", "emotion", "hate", "encoder", "vectors", "emotion_columns"), markup
    )
    for corpus in tables.meta["corpora"]:
        corpus["source"] = markup
        corpus["classes"] = {markup: 3, "joy": 4}
    tables.meta["encoder"]["description"] = markup
    tables.meta["vectors"]["source"] = markup
    tables.meta["commit"] = markup
    tables.meta["versions"] = {markup: markup}
    tables.meta["seeds_failed"] = {"7": markup}
    return tables


class Page(HTMLParser):
    """The elements and addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("href", "src", "action")
        ]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are drawn in a test of their own."""
    monkeypatch.setattr("hybridrep.studies.hybrid.report.report.draw", lambda plans: [])


@pytest.mark.usefixtures("undrawn")
def test_a_report_of_hostile_names_has_the_elements_of_any_other():
    markup = " ".join(MARKUP)
    items, other = example_items(2, projected=12, nasty=True), study_tables(seeds=2, epochs=2)
    report = build_report([hostile_tables(markup), other], [items])
    harmless = build_report([hostile_tables("x"), other], [items])
    page, expected = Page(report.html), Page(harmless.html)
    assert page.tags == expected.tags
    assert page.handlers == []
    assert all(address.startswith(("#", "data:")) for address in page.addresses)
    rendered, plainly = Rendered(report.markdown), Rendered(harmless.markdown)
    assert set(rendered.tags) <= TAGS
    assert rendered.links == []
    inside = ("em", "code")  # of a line; a name may be either, not more
    assert [t for t in rendered.tags if t not in inside] == [
        t for t in plainly.tags if t not in inside
    ]
    assert all("/" not in name and ".." not in name for name in [*report.figures, *report.tables])


@pytest.mark.parametrize("markup", MARKUP)
def test_the_reproduce_command_is_one_command_of_a_shell(markup):
    words = shlex.split(reproduce_command(hostile_tables(markup)).replace("\\\n", ""))
    assert words[:5] == ["mlflow", "run", ".", "-e", "full"]
    assert words[5:7] == ["--env-manager=local", "--experiment-name=hybridrep"]
    values = words[7:]
    assert values[::2] == ["-P"] * (len(values) // 2)
    assert f"emotion={markup}" in values


@pytest.mark.parametrize("markup", [*MARKUP, "sqlite:////a b/[bold]$(touch x);'.db"])
def test_the_serve_command_is_one_command_of_a_shell(markup, capsys, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: f"/{markup}/mlflow")
    done = [Registration("m-text", "1", "best", "it is the first", "models:/m-text@best", True)]
    register._print(done, SimpleNamespace(place=markup), "-text")
    command = capsys.readouterr().out.partition("Serve one:\n")[2]
    words = shlex.split(command.replace("\\\n", ""))
    assert words[:3] == [f"MLFLOW_TRACKING_URI={markup}", f"/{markup}/mlflow", "models"]
    assert words[3:6] == ["serve", "-m", "models:/m-text@best"]


def test_figures_draw_hostile_names_as_they_are(recwarn):
    """Two dollars would be a formula, and a wrong one an error."""
    tables = hostile_tables("$x^$ </script> \u0645\u0631\u062d\u0628\u0627 {{7*7}}")
    items = example_items(3, projected=12)
    named = [replace(r.items, label_names=("$x^$", "_joy", "<b>", "d", "e", "f"))
             for r in items.emotion_matrices]  # fmt: skip
    items = replace(
        items,
        emotion_matrices=tuple(
            replace(r, items=i) for r, i in zip(items.emotion_matrices, named, strict=True)
        ),
        emotion_projections=tuple(
            replace(r, items=replace(r.items, label_names=named[0].label_names))
            for r in items.emotion_projections
        ),
    )
    plans = [p for p in plan_figures(tables, items) if p.group in ("design", "representations")]
    assert len(draw(plans)) == len(plans) > 2
    assert not [w for w in recwarn if "excluded from the legend" in str(w.message)]


@pytest.mark.parametrize("markup", MARKUP)
def test_notes_and_cards_show_names_as_text(markup, monkeypatch):
    class Anything:
        """Stands for what the notes read; every name is the hostile one."""

        def __getattr__(self, name):
            return {"items": 3, "synthetic": False, "classes": 2, "seed": 1, "epoch": 2,
                    "learning_rate": 0.1, "kind": "convolutional", "activation": "relu",
                    "bottlenecks": (8,), "half_epoch": 1, "autoencoder_epochs": 2,
                    "lstm_epochs": 2, "duplicates": "drop", "study": "name",
                    "task_specific": (), "given_of": lambda seed: None, "words": "its [CLS]",
                    "source": markup, "description": markup, "vectors": markup,
                    "fingerprint": "f" * 64, "key": "k" * 64}.get(name, self)  # fmt: skip

    note = Rendered(unwrap(records.describe_seed)(Anything(), 1, "#/experiments/1/runs/2"))
    check(note)
    monkeypatch.setattr(register_card, "_lstm", unwrap(register_card._lstm))
    source = Anything()
    source.kind = "study"
    source.key = "k" * 64
    card = Rendered(unwrap(register_card._made_from)(Anything(), source))
    check(card)
    folded = " ".join(markup.split())
    assert " ".join(note.text.split()).count(folded) == 3
    assert " ".join(card.text.split()).count(folded) == 3
    assert note.tags.count("li") == 4
    assert card.tags.count("li") == 5
