"""Reading GloVe text: one word and its numbers a line, plain, gzipped or inside a zip archive.

Archives are read as a stream; nothing of them is ever written to disk.
"""

from __future__ import annotations

import gzip
import io
import logging
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from hybridrep.errors import VectorsError
from hybridrep.messages import escaped

_BUFFER = 1 << 20
_LONGEST_LINE = 1 << 20
_ENCODING_MARK = b"\xef\xbb\xbf"
_NUMBER_BYTES = b"0123456789.-+eE "
_HEADER = re.compile(rb"[0-9]{1,9} [1-9][0-9]{0,8}")
_UNREADABLE = (
    OSError, EOFError, zlib.error, lzma.LZMAError, struct.error, zipfile.BadZipFile,
    NotImplementedError,
)  # fmt: skip

MOST_DIMENSIONS = 10_000
"""Numbers of a word. The largest in use have some hundreds; every word of a corpus gets a row."""

MOST_EXPANSION = 100
"""Numbers as text shrink to about a third; what grows beyond this when unpacked is no text."""
_SMALL = 1 << 26
"""An archive may always unpack to so many bytes."""

_log = logging.getLogger(__name__)


def is_zip(path: Path) -> bool:
    """Tell by its first bytes whether a file is a zip archive."""
    return _starts_with(path, b"PK\x03\x04", b"PK\x05\x06")


def zip_members(path: Path) -> tuple[str, ...]:
    """Return the names of the files in an archive that can be word vectors."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (*_UNREADABLE, ValueError) as error:  # ValueError: a name that is not in its encoding
        raise VectorsError(f"The archive {path} cannot be read: {error}") from error
    return tuple(
        name
        for name in names
        if name.lower().endswith((".txt", ".vec")) and not name.startswith("__MACOSX/")
    )


@contextmanager
def open_vectors(path: Path, member: str = "") -> Iterator[io.BufferedIOBase]:
    """Open vectors as a stream of text bytes, unpacked on the way; damaged ones are refused.

    Plain, gzipped and zipped files are told apart by the first bytes, not by the name.
    """
    with ExitStack() as stack:
        try:
            if member:
                archive = stack.enter_context(zipfile.ZipFile(path))
                if archive.getinfo(member).flag_bits & 0x1:
                    raise VectorsError(
                        f"{escaped(member)} in {path} is encrypted. Unpack it first."
                    )
                packed = stack.enter_context(archive.open(member))
                yield io.BufferedReader(_Unpacked(packed, path), _BUFFER)
            elif _starts_with(path, b"\x1f\x8b"):
                unpacked = stack.enter_context(gzip.open(path, "rb"))
                yield io.BufferedReader(_Unpacked(unpacked, path), _BUFFER)
            else:
                yield stack.enter_context(path.open("rb"))
        except _UNREADABLE as error:
            inside = f"{escaped(member)} in " if member else ""
            raise VectorsError(
                f"The word vectors {inside}{path} cannot be read ({error}). The file may be cut "
                "off or damaged: fetch it again."
            ) from error


@runtime_checkable
class _Packed(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Unpacked(io.RawIOBase):
    """The bytes of a packed file as they come; an archive made to fill memory is refused."""

    def __init__(self, source: _Packed, path: Path) -> None:
        self._source, self._path = source, path
        self._left = max(_SMALL, MOST_EXPANSION * path.stat().st_size)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as many bytes as fit."""
        data = self._source.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise VectorsError(
                f"{self._path} unpacks to more than {MOST_EXPANSION} times its size: this is no "
                "file of word vectors."
            )
        buffer[: len(data)] = data
        return len(data)


def read_glove(
    stream: io.BufferedIOBase, place: str, wanted: Collection[str] | None = None
) -> tuple[tuple[str, ...], Float32[np.ndarray, "words dim"]]:
    """Read the wanted (None: all) words of lines `WORD NUMBER NUMBER ...`, and their vectors.

    The first line sets the number of dimensions. A first line of two whole numbers, as word2vec
    and fastText write it, is a header. Words may hold spaces (GloVe 840B has such): numbers are
    counted from the right. Of a word that comes twice the first vector stays. A header that counts
    other than the lines that follow is warned of. Other lines are checked but not converted.

    Raises:
        VectorsError: a line is broken, with its number and what was found; or there is none.
    """
    width = rows = counted = 0
    words: dict[str, None] = {}
    values = bytearray()
    for number, line in _numbered_lines(stream, place):
        if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise VectorsError(f"{place} is in UTF-16. Save it as UTF-8.")
        if number == 1 and _HEADER.fullmatch(line):
            counted, width = map(int, line.split(b" "))
            _check_width(width, place, number)
            continue
        rows += 1
        if not width:
            width = _trailing_numbers(line)
            _check_width(width, place, number)
        if width == 0:
            _refuse(place, number, line, "expected a word and its numbers, one space between")
        word, row = _split(line, width, place, number)
        if row.translate(None, _NUMBER_BYTES):
            _refuse(place, number, line, "expected finite numbers after the word")
        if (wanted is None or word in wanted) and word not in words:
            values += _numbers(row, width, place, number, line)
            words[word] = None
    if rows == 0:
        state = "nothing follows its header" if width else "the file is empty"
        raise VectorsError(f"{place} holds no word vectors: {state}.")
    if counted and counted != rows:
        _log.warning(
            "%s: its header counts %s vectors, but %s follow. The file may be cut off or damaged.",
            place, f"{counted:,}", f"{rows:,}",
        )  # fmt: skip
    return tuple(words), np.frombuffer(values, dtype=np.float32).reshape(len(words), width)


def _check_width(width: int, place: str, number: int) -> None:
    if width > MOST_DIMENSIONS:
        raise VectorsError(
            f"{place}, line {number}: {width:,} numbers a word; at most {MOST_DIMENSIONS:,} are "
            "allowed. Is this a file of word vectors?"
        )


def _numbered_lines(stream: io.BufferedIOBase, place: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1."""
    number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise VectorsError(
                f"{place}, line {number} is longer than {_LONGEST_LINE} bytes: this is no file "
                "of word vectors."
            )
        if number == 1:
            line = line.removeprefix(_ENCODING_MARK)
        if line := line.rstrip(b" \r\n"):
            yield number, line


def _trailing_numbers(line: bytes) -> int:
    """Count the numbers at the end of a line; its first piece is always the word."""
    count = 0
    for piece in reversed(line.split(b" ")[1:]):
        if not _is_number(piece):
            break
        count += 1
    return count


def _is_number(piece: bytes) -> bool:
    try:
        float(piece)
    except ValueError:
        return False
    return True


def _split(line: bytes, width: int, place: str, number: int) -> tuple[str, bytes]:
    """Split a line into its word and the text of its numbers."""
    word, _, row = line.partition(b" ")
    if row.count(b" ") != width - 1 or not row:
        found = line.count(b" ")
        if found < width:
            _refuse(place, number, line, f"expected {width} numbers as in the first line")
        *_, row = line.split(b" ", found - width + 1)
        word = line[: -len(row) - 1]
        if all(_is_number(piece) for piece in word.split(b" ")[1:]):
            _refuse(place, number, line, f"expected {width} numbers as in the first line")
    if not word:
        _refuse(place, number, line, "expected a word before the numbers")
    try:
        return word.decode(), row
    except UnicodeDecodeError:
        _refuse(place, number, line, "expected a word in UTF-8")


def _numbers(row: bytes, width: int, place: str, number: int, line: bytes) -> bytes:
    """Convert a line's numbers to the bytes of float32."""
    try:
        values = np.fromstring(row, dtype=np.float32, sep=" ")  # a text of numbers: not deprecated
    except ValueError:
        values = np.empty(0, dtype=np.float32)
    if len(values) != width:
        _refuse(place, number, line, "expected numbers after the word, one space between")
    if not np.isfinite(values).all():
        _refuse(place, number, line, "expected numbers that fit 32 bits")
    return values.tobytes()


def _refuse(place: str, number: int, line: bytes, expected: str) -> NoReturn:
    start = line[:40].decode(errors="backslashreplace")
    end = line[-20:].decode(errors="backslashreplace")
    found = start if len(line) <= 40 else f"{start} ... {end}"
    raise VectorsError(
        f"{place}, line {number}: {expected}, found {line.count(b' ')} values after the word: "
        f"{found!r}. The file may be cut off or damaged."
    )


def _starts_with(path: Path, *beginnings: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(beginnings)
