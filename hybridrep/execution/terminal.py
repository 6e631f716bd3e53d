"""Printing that never fails and never ends the work: any encoding, a closed pipe, a full disk."""

from __future__ import annotations

import contextlib
import os
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any, TextIO, cast

PLAIN = {
    "\u2013": "-", "\u2014": "--", "\u2212": "-", "\u2026": "...", "\u00d7": "x", "\u00b1": "+/-",
    "\u2192": "->", "\u2190": "<-", "\u2265": ">=", "\u2264": "<=", "\u2248": "~", "\u00b7": ".",
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"',
}  # fmt: skip
"""What stands for dashes, arrows and the like where they cannot be shown."""


def plain_for(text: str, encoding: str) -> str:
    """Return a text that can be written in an encoding: what it lacks is replaced.

    >>> plain_for("0.81 ± 0.02 → é 🏃", "ascii")
    '0.81 +/- 0.02 -> e ?'
    """
    try:
        text.encode(encoding)
    except LookupError:
        return text
    except UnicodeEncodeError:
        return "".join(_plain(sign, encoding) for sign in text)
    return text


def _plain(sign: str, encoding: str) -> str:
    """Return a sign, what stands for it, its letter without accents, or a question mark."""
    for each in (sign, PLAIN.get(sign, sign), unicodedata.normalize("NFKD", sign)[0]):
        if each.encode(encoding, "ignore").decode(encoding) == each:
            return each
    return "?"


class Forgiving:
    """A text stream that writes what it can: what it stands before may be anything.

    A stream that fails (nobody reads any more, its disk is full, it is closed) gets nothing more.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lost = stream, False

    def write(self, text: str) -> int:
        """Write a text, in signs that the stream's encoding has."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._try("write", plain_for(text, encoding))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write some texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand on what has been written."""
        self._try("flush")

    def _try(self, name: str, *arguments: str) -> None:
        if self._lost:
            return
        try:
            getattr(self._stream, name)(*arguments)
        except (OSError, ValueError):  # a ValueError: it is closed
            self._lost = True
            self._silence()

    def _silence(self) -> None:
        """Lead what the stream still holds nowhere, or the interpreter fails on it at its end."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def forgiving_output() -> Iterator[None]:
    """Let nothing fail that is printed in the block, to standard output or standard error."""
    with contextlib.ExitStack() as stack:
        streams = {"stdout": contextlib.redirect_stdout, "stderr": contextlib.redirect_stderr}
        for name, redirect in streams.items():
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, Forgiving):
                forgiving = Forgiving(stream)
                stack.enter_context(redirect(cast("TextIO", forgiving)))
                stack.callback(forgiving.flush)
        yield


class Later:
    """What is to be printed when the work is over."""

    def __init__(self) -> None:
        self._waiting: list[Any] = []

    def say(self, *what: Any) -> None:
        """Keep texts and tables of rich to be printed."""
        self._waiting += what

    def print(self) -> None:
        """Print what has been kept."""
        show(*self._waiting)
        self._waiting.clear()


@contextlib.contextmanager
def printed_last() -> Iterator[Later]:
    """Print what the block has to say at its end, also when it ends with an exception.

    Around a run it is printed when the run is closed: nothing can happen to it any more.
    """
    later = Later()
    try:
        yield later
    finally:
        later.print()


def show(*what: Any, soft_wrap: bool = False) -> None:
    """Print texts, as they are, and tables of rich to standard output; this never fails."""
    from rich.console import Console

    with forgiving_output():
        console = Console(highlight=False, soft_wrap=soft_wrap)
        for each in what:
            console.print(each, markup=False)
