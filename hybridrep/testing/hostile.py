"""Inputs that break careless programs, for property-based tests, and how many of them are tried.

`HYBRIDREP_EXAMPLES=50` tries fifty times as many, and others each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from hybridrep.errors import HybridrepError

FACTOR = int(os.environ.get("HYBRIDREP_EXAMPLES", "1"))
"""How many times as many examples are tried."""

MARKUP = (
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}", "{% raw %}",
    "javascript:alert(1)", "[x](javascript:alert(1))", "<javascript:alert(1)>", "<!--", "]]>",
    "&lt;b&gt;", "```\n# heading", "| a | b |", "$(touch hacked)", "`touch hacked`",
    "'; DROP TABLE", "\\", "=cmd|' /C calc'!A0", "%s %n {0}", "../../etc/passwd",
    "[bold]", "[/]", "$x^$",
)  # fmt: skip
PIECES = (
    "\U0001f495", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd",
    "\u2764\ufe0f",
    "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05dc\u05d5\u05dd", "\u202e", "\u2066", "\u200f",
    "a\u0301\u0327\u0308", "\u0e01\u0e33", "e\u0301", "\u00e9", "\ufeff", "\u200b",
    "\u00ad", "\u2028", "\x85",
    "\r\n", "\n", "\r", "\t", "\x0b", "\x1f", ";", ";;", ",", '"', '""', "'", "\u201c",
    "\u212a", "\u017f",
    "\u0130", "\u0131", "@", "#", "&", "&amp;", "&#39;", "http://", "https://t.co/", "www.", "x.y",
    "_", "-", " ", "  ", "7", "\u0663", "\uff17", *MARKUP,
)  # fmt: skip
"""Emojis, right-to-left, combining and invisible characters, separators, quotes, marks, markup."""


def characters(**kinds: object) -> st.SearchStrategy[str]:
    """Any character that UTF-8 can hold, but NUL."""
    return st.characters(codec="utf-8", exclude_characters="\0", **kinds)


texts = st.one_of(
    st.text(characters(), max_size=60),
    st.lists(
        st.one_of(st.sampled_from(PIECES), st.text(characters(), max_size=3)), max_size=12
    ).map("".join),
    st.builds(lambda piece, times: piece * times, st.sampled_from(PIECES), st.integers(0, 3000)),
)
"""Tweets: empty, of emojis alone, very long, of anything at all."""


def examples(count: int) -> settings:
    """Settings of a test: how many examples it tries in a usual run."""
    return settings(
        max_examples=count * FACTOR,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def attempt(action: Callable[[], Any]) -> tuple[Any, str]:
    """Return what an action gives and "", or None and the words with which a user is refused.

    Any other exception is a fault of the program, and fails the test.
    """
    try:
        return action(), ""
    except HybridrepError as error:
        return None, str(error)


def damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """A file with some bytes changed, cut out, doubled or put in."""

    def apply(edits: list[tuple[int, int, bytes]]) -> bytes:
        content = bytearray(whole)
        for place, removed, put in edits:
            start = place % (len(content) + 1)
            content[start : start + removed] = put
        return bytes(content)

    edit = st.tuples(st.integers(0, 1 << 16), st.integers(0, 40), st.binary(max_size=8))
    return st.lists(edit, min_size=1, max_size=4).map(apply)
