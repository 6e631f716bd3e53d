"""Characters that no name may hold: they break lines, terminals, databases or UTF-8."""

from __future__ import annotations

import unicodedata

_STRAY = {
    "Cc": "a control character",
    "Cs": "half a character",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}


def stray_character(text: str) -> str:
    r"""Return what is wrong with the first character that no name may hold, or "".

    >>> stray_character("a\nb"), stray_character("\u0645\u0631\u062d\u0628\u0627, \u00e9t\u00e9")
    ('a control character (U+000A)', '')
    """
    for character in text:
        if kind := _STRAY.get(unicodedata.category(character)):
            return f"{kind} (U+{ord(character):04X})"
    return ""
