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


def escaped(text: object, keep: str = "") -> str:
    r"""Return a text with its stray characters spelled out, so that they command no terminal.

    Names of files and of archives' members are of other people's making.

    Args:
        text: a name, or a whole message.
        keep: stray characters that stay, such as the line ends of a message.

    >>> escaped("train\x1b[31m.csv"), escaped("a\nb", keep="\n"), escaped("été.csv")
    ('train\\x1b[31m.csv', 'a\nb', 'été.csv')
    """
    return "".join(
        c.encode("unicode_escape").decode() if c not in keep and stray_character(c) else c
        for c in str(text)
    )
