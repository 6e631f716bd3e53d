import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from hybridrep.execution.signals import Terminated, terminate_cleanly

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


def get(number):
    """Get a signal; Python runs the handler while this waits."""
    os.kill(os.getpid(), number)
    time.sleep(5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_becomes_an_exception(number):
    before = signal.getsignal(number)
    with pytest.raises(Terminated) as caught, terminate_cleanly():
        get(number)
    assert caught.value.signal == number
    assert caught.value.exit_code == 128 + number
    assert isinstance(caught.value, KeyboardInterrupt)
    assert signal.getsignal(number) == before


def test_further_signals_do_not_disturb_tidying_up():
    tidied = []

    def work():
        try:
            get(signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGHUP)
            tidied.append(True)

    with pytest.raises(Terminated), terminate_cleanly():
        work()
    assert tidied


def test_what_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminate_cleanly():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_are_left_alone():
    done = []

    def work():
        with terminate_cleanly():
            done.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [before]


def test_no_signal_no_change():
    with terminate_cleanly():
        pass
    code = (
        "import signal; from hybridrep.execution.signals import terminate_cleanly\n"
        "with terminate_cleanly(): pass\n"
        "print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "True\n"
