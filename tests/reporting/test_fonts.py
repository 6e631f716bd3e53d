"""Letters of other scripts in figures: another font draws them, or one line says which lack."""

import warnings

import numpy as np
import pytest

from hybridrep.reporting.drawing import Plan, draw, draw_one
from hybridrep.reporting.fonts import fonts_with, letters_line, missing_letters
from hybridrep.reporting.style import house_style, new_figure, to_pixels

UNDRAWABLE = "\U000f0000"
"""Of a private area: no font of letters has it."""


def labelled(text: str, family: str | None = None):
    figure = new_figure(3, 2)
    axes = figure.subplots()
    axes.set_title(text, fontfamily=family)
    axes.set_xticks([0, 1], [text, "b"], fontfamily=family)
    return figure


def plan(text: str) -> Plan:
    return Plan("name", "title", "caption", "alternative", "design", lambda: labelled(text))


def test_letters_that_no_font_has_are_named_without_warnings():
    with house_style():
        _, lacking = to_pixels(labelled(f"joy {UNDRAWABLE}"), dpi=50)
    assert lacking == UNDRAWABLE
    assert [each.lacking for each in draw([plan("joy"), plan(UNDRAWABLE)])] == ["", UNDRAWABLE]
    assert draw_one(plan(UNDRAWABLE)).lacking == UNDRAWABLE


def test_another_font_draws_what_the_figures_own_lacks():
    """Computer Modern has no Cyrillic; DejaVu, which comes with matplotlib, has."""
    with house_style():
        own, lacking = to_pixels(labelled("радость", "cmr10"), dpi=50)
        other, _ = to_pixels(labelled("радость", ["cmr10", *fonts_with(frozenset("адостр"))]), 50)
    assert lacking == ""
    np.testing.assert_array_equal(np.asarray(own), np.asarray(other))


def test_what_every_font_has_is_drawn_as_before(monkeypatch):
    def never(*_):
        raise AssertionError("no other font is needed")

    monkeypatch.setattr("hybridrep.reporting.style.use_fonts_with", never)
    with house_style():
        assert to_pixels(labelled("Ärger, joie, χαρά"), dpi=50)[1] == ""


def test_other_warnings_are_given_as_they_are():
    found: set[str] = set()

    def draw_something() -> None:
        with missing_letters() as lacking:
            warnings.warn("of another kind", stacklevel=1)
            warnings.warn("Glyph 27169 (\\N{X}) missing from font(s) DejaVu Sans.", stacklevel=1)
        found.update(lacking)

    with pytest.warns(UserWarning, match="of another kind"):
        draw_something()
    assert found == {"模"}


def test_one_line_says_which_letters_and_what_helps():
    line = letters_line("模型模ش")
    assert line.startswith("No installed font has the letters ش 型 模 (ARABIC, CJK), so figures")
    assert "\n" not in line
    assert "install a font" in line
    assert letters_line(map(chr, range(0x4E00, 0x4E20))).count(" and 20 more ") == 1
    assert letters_line("") == ""
