"""SIGTERM and SIGHUP end the program as Ctrl-C does: by an exception, so all is tidied up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The system asked the program to end.

    A `KeyboardInterrupt`, so that whatever treats Ctrl-C well treats this well too.
    """

    def __init__(self, number: int) -> None:
        self.signal = signal.Signals(number)
        self.exit_code = 128 + number
        super().__init__(f"ended by {self.signal.name}")


@contextmanager
def terminate_cleanly() -> Iterator[None]:
    """Raise `Terminated` in the main thread when SIGTERM or SIGHUP arrives.

    Further ones are ignored while the program tidies up; Ctrl-C still works. A signal that was
    ignored before (`nohup`) stays so. The former handlers come back at the end. In other
    threads than the main one, where Python takes no handlers, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")]
    before = {n: signal.getsignal(n) for n in numbers if n is not None}
    taken = [n for n, handler in before.items() if handler is not signal.SIG_IGN]

    def end(number: int, _frame: FrameType | None) -> None:
        for each in taken:
            signal.signal(each, signal.SIG_IGN)
        raise Terminated(number)

    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            handler = before[number]
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
