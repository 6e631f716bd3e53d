"""Addresses that may hold a password: how they are shown, and how passwords stay out of texts."""

from __future__ import annotations

import re
from urllib.parse import unquote

MASK = "***"
_USER_AND_PASSWORD = re.compile(r"(?<=://)[^\s/@:]*:[^\s/]+(?=@)")
_SECRET_OPTION = re.compile(r"(?i)(?<=[?&;])((?:ssl)?passw(?:or)?d|pwd|token|secret)=[^&;\s'\"]+")


def public_uri(uri: str) -> str:
    """Return an address without user, password and query, for messages.

    >>> public_uri("postgresql://ada:secret@db.lab:5432/mlflow?sslmode=require")
    'postgresql://db.lab:5432/mlflow'
    """
    if uri.startswith("sqlite:"):
        return uri
    without_options = _SECRET_OPTION.sub("", uri)  # first: their values may hold an @
    return re.sub(r"[?#].*", "", re.sub(r"//.*@", "//", without_options))


def has_password(text: str) -> bool:
    """Tell whether a text holds an address with a password.

    >>> has_password("postgresql://ada:secret@db.lab/x"), has_password("postgresql://ada@db.lab/x")
    (True, False)
    """
    return without_passwords(text) != text


def without_passwords(text: str, *addresses: str) -> str:
    """Return a text with every password masked.

    Masked are users and passwords of all addresses that stand in the text, and, wherever they
    stand, the passwords of the addresses that are given: as written there and decoded.

    >>> without_passwords("no answer from postgresql://ada:secret@db.lab/x")
    'no answer from postgresql://***@db.lab/x'
    """
    for address in addresses:
        for secret in sorted(_passwords(address), key=len, reverse=True):
            text = text.replace(secret, MASK)
    text = _USER_AND_PASSWORD.sub(MASK, text)
    return _SECRET_OPTION.sub(rf"\1={MASK}", text)


def _passwords(address: str) -> set[str]:
    """Return the passwords in an address, also in one whose special characters are not encoded."""
    user_info = re.search(r"://(.*)@", address)
    found = [user_info[1].partition(":")[2]] if user_info else []
    found += [option[0].partition("=")[2] for option in _SECRET_OPTION.finditer(address)]
    return {form for secret in found for form in (secret, unquote(secret)) if form}
