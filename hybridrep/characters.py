"""Characters that no name may hold: they break lines, terminals, databases or UTF-8."""

from __future__ import annotations

import unicodedata

_STRAY = {
    "Cc": "a control character",
    "Cs": "half a character",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}


def visible(text: str) -> str:
    r"""Return a message with its control characters escaped, but for line ends and tabs.

    A file's name may hold what a terminal obeys.

    >>> visible("\x1b[2Jno such file:\n  a\x07.csv")
    '\\x1b[2Jno such file:\n  a\\x07.csv'
    """
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs") else repr(c)[1:-1]
        for c in text
    )


def stray_character(text: str) -> str:
    r"""Return what is wrong with the first character that no name may hold, or "".

    >>> stray_character("a\nb"), stray_character("\u0645\u0631\u062d\u0628\u0627, \u00e9t\u00e9")
    ('a control character (U+000A)', '')
    """
    for character in text:
        if kind := _STRAY.get(unicodedata.category(character)):
            return f"{kind} (U+{ord(character):04X})"
    return ""
