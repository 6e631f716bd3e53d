"""Texts of a study inside Markdown: names, paths and commands that cannot become markup."""

from __future__ import annotations

import re

import pandas as pd


def plain(text: str) -> str:
    """Return a name on one line that Markdown cannot read as markup."""
    folded = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|&~" else c for c in folded)


def code(text: str) -> str:
    """Return a text in a code span of one line, whatever backticks it holds."""
    folded = " ".join(text.split())
    ticks = "`" * (_longest_run(folded) + 1)
    space = " " if folded.startswith("`") or folded.endswith("`") else ""
    return f"{ticks}{space}{folded}{space}{ticks}"


def fenced(text: str, language: str) -> str:
    """Return lines in a code block that they cannot end."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def inline(text: str) -> str:
    """Return a sentence or the text of a cell: no bar, no code, no element, no link."""
    folded = " ".join(text.split())
    return re.sub(r"([\\`*<|&]|\](?=[(\[:]))", r"\\\1", folded)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)


def starred(text: str) -> str:
    """Return a text whose stars Markdown leaves alone."""
    return text.replace("*", r"\*")


def as_markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown, its headings and cells free of markup."""
    safe = table.map(lambda value: inline(str(value))).rename(
        columns=lambda name: inline(str(name))
    )
    return str(safe.to_markdown(index=False, disable_numparse=True))
