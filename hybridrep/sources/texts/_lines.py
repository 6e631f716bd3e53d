"""Text files of a corpus as lines: UTF-8 only, whatever ends the lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped

_LINE_END = re.compile(rb"\r\n?|\n")


def numbered_lines(file: Path) -> Iterator[tuple[int, str]]:
    r"""Return the lines of a UTF-8 file, each with its number and without its end.

    A line ends with LF, CR LF or, as old Macs and some spreadsheets write it, CR alone.
    """
    text = _text(file).replace("\r\n", "\n").replace("\r", "\n")
    return enumerate(text.split("\n"), start=1)


def table_lines(file: Path) -> Iterator[str]:
    """Return the lines of a UTF-8 table with their ends, which may stand inside quoted cells.

    They end with LF (and CR before it stays), or with CR where the file has no LF at all.
    """
    text = _text(file)
    end = "\n" if "\n" in text else "\r"
    return (f"{line}{end}" for line in text.split(end))


def _text(file: Path) -> str:
    content = file.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CorpusError(f"{escaped(file)} is in UTF-16. Save it as UTF-8.")
    if (nul := content.find(b"\0")) >= 0:
        raise CorpusError(
            f"{escaped(file)}, line {_line_of(content, nul)}: a NUL byte. Remove it; the file may "
            "be damaged."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The position counts from behind a byte-order mark, which holds no line end.
        line = _line_of(error.object, error.start)
        raise CorpusError(
            f"{escaped(file)}, line {line}: byte 0x{error.object[error.start]:02x} is not UTF-8. "
            "Save the file as UTF-8 (e.g. `iconv -f latin1 -t utf-8`)."
        ) from error
    if not text.strip():
        raise CorpusError(f"The corpus file {str(file)!r} is empty.")
    return text


def _line_of(content: bytes, position: int) -> int:
    return 1 + sum(1 for _ in _LINE_END.finditer(content, 0, position))
