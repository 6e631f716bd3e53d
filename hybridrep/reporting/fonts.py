"""Letters of every script in figures: from the fonts that the system has, else said in one line."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from matplotlib.figure import Figure
from matplotlib.font_manager import findSystemFonts, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

_MISSING = re.compile(r"Glyph (\d+) \(.*\) missing from font")
_PLACEHOLDERS = "Last Resort"
"""A font that has a box for every character, and comes with matplotlib."""

MOST_FONTS = 4
_SHOWN = 12


@contextmanager
def missing_letters() -> Iterator[set[str]]:
    """Gather the letters that no font had when something is drawn in the block, without warnings.

    Warnings about anything else are given as they are.
    """
    found: set[str] = set()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    for warning in caught:
        if match := _MISSING.match(str(warning.message)):
            found.add(chr(int(match[1])))
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


def use_fonts_with(figure: Figure, letters: Iterable[str]) -> bool:
    """Let a figure's texts fall back on fonts that have these letters; say whether there are any.

    Fonts take the letters that their own lacks; all else looks as it did.
    """
    families = fonts_with(frozenset(letters))
    for text in figure.findobj(Text) if families else ():
        text.set_fontfamily([*text.get_fontfamily(), *families])
    return bool(families)


@lru_cache(maxsize=32)
def fonts_with(letters: frozenset[str]) -> tuple[str, ...]:
    """Return as few installed fonts as have these letters, or most of them: the best one first."""
    left, chosen = set(map(ord, letters)), list[str]()
    fonts = _installed()
    while left and len(chosen) < MOST_FONTS:
        name = max(fonts, key=lambda each: len(left & _letters_of(fonts[each])), default="")
        if not name or not left & _letters_of(fonts[name]):
            break
        chosen.append(name)
        left -= _letters_of(fonts[name])
    return tuple(chosen)


def letters_line(letters: Iterable[str]) -> str:
    """Say which letters the figures show as boxes, and what helps; empty where none is missing.

    Example:
        >>> letters_line("模")[:47]
        'No installed font has the letters 模 (CJK), so f'
        >>> letters_line("")
        ''
    """
    ordered = sorted(set(letters))
    if not ordered:
        return ""
    scripts = sorted({unicodedata.name(letter, "unnamed").split()[0] for letter in ordered})
    more = f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    return (
        f"No installed font has the letters {' '.join(ordered[:_SHOWN])}{more} "
        f"({', '.join(scripts)}), so figures show boxes in their place: install a font that has "
        "them, e.g. of the Noto family, and report again."
    )


def _installed() -> dict[str, str]:
    """Return the file of every installed font in its plain style, by the font's name."""
    known = {font.fname for font in fontManager.ttflist}
    for path in findSystemFonts():  # some may be newer than matplotlib's own list
        if path not in known:
            _add(path)
    plain = [
        font for font in fontManager.ttflist
        if font.style == "normal" and font.weight in (400, "normal", "regular")
        and not font.name.startswith(_PLACEHOLDERS)
    ]  # fmt: skip
    return {font.name: font.fname for font in sorted(plain, key=lambda each: each.name)}


def _add(path: str) -> None:
    try:
        fontManager.addfont(path)
    except (OSError, RuntimeError):  # no font that matplotlib can read
        return


@lru_cache(maxsize=4096)
def _letters_of(path: str) -> frozenset[int]:
    """Return the letters that a font has, by their numbers."""
    try:
        font = FT2Font(path)
        return frozenset(font.get_charmap() if font.scalable else ())  # pictures are no letters
    except (OSError, RuntimeError):
        return frozenset()
