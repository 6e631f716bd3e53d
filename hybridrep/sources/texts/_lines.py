"""Text files of a corpus as lines: UTF-8 only, whatever ends the lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hybridrep.errors import CorpusError

_LINE_END = re.compile(rb"\r\n?|\n")
_WEB_PAGE = re.compile(rb"\s*<(!doctype html|html|head|\?xml)", re.IGNORECASE)
_NOT_TEXT = {
    b"PK\x03\x04": "a ZIP or Excel file. Name an Excel file .xlsx; unpack a ZIP",
    b"\x1f\x8b": "packed by gzip. End its name in .gz, e.g. .csv.gz",
    b"PAR1": "a Parquet file. Name it .parquet",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Excel file. Save it as .xlsx, without a password",
    b"version https://git-lfs": "a pointer of Git LFS, not the file itself. Run `git lfs pull`",
}
"""First bytes of what often bears the name of a text file, and what to do."""


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Return the lines of a text, each with its number and without its end.

    A line ends with LF, CR LF or, as old Macs and some spreadsheets write it, CR alone.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return enumerate(plain.split("\n"), start=1)


def table_lines(text: str) -> list[str]:
    """Return the lines of a table with their ends, which may stand inside quoted cells.

    They end with LF (and CR before it stays), or with CR where the text has no LF at all.
    """
    end = "\n" if "\n" in text else "\r"
    return [f"{line}{end}" for line in text.split(end)]


def text_of(content: bytes, place: str) -> str:
    """Return a file's bytes as text, without a byte-order mark.

    Raises:
        CorpusError: it is not UTF-8, empty, or no text at all; the message says where and what.
    """
    for start, trouble in _NOT_TEXT.items():
        if content.startswith(start) and (start != b"PAR1" or content.endswith(start)):
            raise CorpusError(f"{place} is {trouble}.")
    if _WEB_PAGE.match(content):
        raise CorpusError(
            f"{place} is a web page, not the data. Fetch the file itself, e.g. by the link `raw`."
        )
    if content.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise CorpusError(f"{place} is in UTF-32. Save it as UTF-8.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or _has_utf16_form(content):
        raise CorpusError(f"{place} is in UTF-16. Save it as UTF-8.")
    if (nul := content.find(b"\0")) >= 0:
        raise CorpusError(
            f"{place}, line {_line_of(content, nul)}: a NUL byte. Remove it; the file may "
            "be damaged."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The position counts from behind a byte-order mark, which holds no line end.
        line = _line_of(error.object, error.start)
        raise CorpusError(
            f"{place}, line {line}: byte 0x{error.object[error.start]:02x} is not UTF-8. "
            "Save the file as UTF-8 (e.g. `iconv -f latin1 -t utf-8`)."
        ) from error
    if text.startswith("\ufeff"):
        raise CorpusError(f"{place} begins with two byte-order marks. Save it anew as UTF-8.")
    if not text.strip():
        raise CorpusError(f"The corpus file '{place}' is empty.")
    return text


def _has_utf16_form(content: bytes) -> bool:
    """Tell whether every second byte of the start is NUL, as in UTF-16 of plain English."""
    start = content[:64]
    return len(start) >= 8 and any(
        not any(start[side::2]) and all(start[1 - side :: 2]) for side in (0, 1)
    )


def _line_of(content: bytes, position: int) -> int:
    return 1 + sum(1 for _ in _LINE_END.finditer(content, 0, position))
