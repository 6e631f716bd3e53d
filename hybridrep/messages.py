"""What may be said in messages, runs and reports: no passwords, stray characters or foreign data.

What a password is depends on who reads the address. SQLAlchemy takes everything between the first
colon and an @ for one, slashes and spaces included. On the web a host may have a port and a slash
ends both, so that `http://host:5000/@me` holds none; but a name before the @ may be a token there.
"""

from __future__ import annotations

import re
import traceback
import unicodedata
from pathlib import Path
from urllib.parse import quote, unquote

from hybridrep.errors import HybridrepError

MASK = "***"
_PACKAGE = Path(__file__).parent
_STRAY = {
    "Cc": "a control character", "Cs": "half a character", "Zl": "a line separator",
    "Zp": "a paragraph separator",
}  # fmt: skip
_IS_ADDRESS = re.compile(r"\w[\w+.-]{0,40}://")
_PORT = r"""\d*[)\]}>'",.;:!?]{0,3}(?:[/?#\s]|$)"""
"""What follows a host's colon: a port and the end of the authority, of a sentence or of all."""
_USER = re.compile(
    rf"(?i)(?:sql|postgres|mariadb)(?:\+\w{{1,40}})?://(?P<database>[^/:]*:)"
    rf"|://(?!\[)(?P<other>[^\s/:]*:)(?!{_PORT})"
)
"""The user, with the colon, where a password follows."""
_WEB_TOKEN = re.compile(r"(?i)(?:(?<=http://)|(?<=https://))[^\s/?#]+(?=@)")
_SECRET_OPTION = re.compile(
    r"(?i)(?<=[?&;])"
    r"([\w.-]{0,60}(?:passw(?:or)?d|pwd|token|secret|signature|credential"
    r"|(?:api|access|auth|private|secret)[_-]?key)|pass|auth|key|sig)"
    r"""=[^&\s]+?(?=&|['")\],.:;]{0,3}(?:\s|$))"""
)


def public_uri(uri: str) -> str:
    """Return an address without user, password and query, for messages.

    >>> public_uri("postgresql://ada:secret@db.lab:5432/mlflow?sslmode=require")
    'postgresql://db.lab:5432/mlflow'
    """
    if uri.startswith("sqlite:///"):
        return uri
    without_options = _SECRET_OPTION.sub("", uri)  # first: their values may hold an @
    return re.sub(r"(?s)[?#].*", "", re.sub(r"(?s)//.*@", "//", without_options))


def has_password(text: str) -> bool:
    """Tell whether a text holds an address with a password.

    >>> has_password("postgresql://ada:secret@db.lab/x"), has_password("postgresql://ada@db.lab/x")
    (True, False)
    """
    return without_passwords(text) != text


def without_passwords(text: str, *addresses: str) -> str:
    """Return a text with every password masked.

    Masked are users and passwords of all addresses that stand in the text, and, wherever they
    stand, the passwords of the addresses that are given: as written there, decoded and encoded.
    Of an address inside of other words a space is the end; a text that begins with an address is
    taken for one as a whole.

    >>> without_passwords("no answer from postgresql://ada:secret@db.lab/x")
    'no answer from postgresql://***@db.lab/x'
    """
    for address in addresses:
        for secret in sorted(_passwords(address), key=len, reverse=True):
            text = text.replace(secret, MASK)
    text = _SECRET_OPTION.sub(rf"\1={MASK}", text)  # first: their values may hold an @
    if _IS_ADDRESS.match(text):
        text = _without_user(text)
    else:
        text = re.sub(r"\S+", lambda word: _without_user(word[0]), text)
    return _WEB_TOKEN.sub(MASK, text)


def _without_user(address: str) -> str:
    """Return an address with user and password masked, if it has both."""
    start, end = _user_and_password(address)
    return f"{address[:start]}{MASK}{address[end:]}" if end else address


def _user_and_password(address: str) -> tuple[int, int]:
    """Return where user and password begin and end, or zeros; the last @ is the one that counts."""
    end = address.rfind("@")
    user = _USER.search(address) if end > 0 else None
    if user is None or user.end() > end:
        return 0, 0
    return user.start("database" if user["database"] is not None else "other"), end


def _passwords(address: str) -> set[str]:
    """Return the passwords in an address, also in one whose special characters are not encoded."""
    start, end = _user_and_password(address)
    found = [address[start:end].partition(":")[2]]
    found += [option[0].partition("=")[2] for option in _SECRET_OPTION.finditer(address)]
    plain = {form for secret in found for form in (secret, unquote(secret)) if form}
    return plain | {quote(form, safe="") for form in plain if "%" not in form}


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

    Names of files and of archives' members are of other people's making. What is in `keep`, such
    as the line ends of a message, stays.

    >>> escaped("train\x1b[31m.csv"), escaped("a\nb", keep="\n"), escaped("été.csv")
    ('train\\x1b[31m.csv', 'a\nb', 'été.csv')
    """
    return "".join(
        c.encode("unicode_escape").decode() if c not in keep and stray_character(c) else c
        for c in str(text)
    )


def publishable(error: BaseException) -> str:
    """Return what runs, tables and reports may say of an exception.

    A `HybridrepError` is written for people and says it itself; of any other only its type and
    the last line of this package that it passed.
    """
    name = type(error).__name__
    if isinstance(error, HybridrepError):
        return f"{name}: {error}"
    own = [
        (Path(frame.filename), frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    if not own:
        return f"{name} (its message is in the log)"
    path, line = own[-1]
    place = path.relative_to(_PACKAGE.parent).as_posix()
    return f"{name} in {place}, line {line} (its message is in the log)"
