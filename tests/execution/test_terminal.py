"""Printing that never fails, whatever stands behind standard output."""

import io
import os
import subprocess
import sys

import click
import pytest
from rich.table import Table

from hybridrep.execution.terminal import forgiving_output, plain_for, printed_last, show

TEXT = "Table 1 – n = 2 ± 1 🏃 é"


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")


def written(to: io.TextIOWrapper) -> str:
    to.flush()
    return to.buffer.getvalue().decode(to.encoding)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", TEXT),
        ("latin-1", "Table 1 - n = 2 ± 1 ? é"),
        ("ascii", "Table 1 - n = 2 +/- 1 ? e"),
    ],
)
def test_what_a_terminal_cannot_show_is_written_in_signs_that_it_has(
    encoding, expected, monkeypatch
):
    monkeypatch.setattr(sys, "stdout", stream(encoding))
    with forgiving_output():
        sys.stdout.write(f"{TEXT}\n")
    assert written(sys.stdout) == f"{expected}\n"
    assert plain_for(TEXT, "no such encoding") == TEXT


def test_tables_are_printed_on_such_terminals(monkeypatch):
    monkeypatch.setattr(sys, "stdout", stream("latin-1"))
    table = Table(title="best – of 2")
    table.add_column("a [bold]")
    table.add_row("0.8 → 0.9")
    show(table, "[brackets] are words")
    text = written(sys.stdout)
    assert "0.8 -> 0.9" in text
    assert "[brackets] are words" in text


class Failing(io.StringIO):
    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("broken", [Failing(), None])
def test_a_stream_that_fails_or_is_not_there_ends_nothing(monkeypatch, name, broken):
    monkeypatch.setattr(sys, name, broken)
    with forgiving_output(), printed_last() as later:
        click.echo("one", err=name == "stderr")
        later.say("two")
    show("three")
    closed = stream("utf-8")
    closed.close()
    monkeypatch.setattr(sys, name, closed)
    with forgiving_output():
        click.echo("four", err=name == "stderr")


def test_what_is_said_later_is_printed_when_the_block_is_over_even_after_an_error(capsys):
    def fail() -> None:
        with printed_last() as later:
            later.say("first", "second")
            assert capsys.readouterr().out == ""
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert capsys.readouterr().out == "first\nsecond\n"


SCRIPT = """
import sys
from hybridrep.execution.terminal import forgiving_output
with forgiving_output():
    for _ in range(20_000):
        print("a line")
    sys.stderr.write("done")
"""


@pytest.mark.parametrize("target", ["pipe", "/dev/full"])
def test_nobody_who_reads_is_no_fault(target):
    if target == "pipe":
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open(target, os.O_WRONLY)
    try:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"done")
