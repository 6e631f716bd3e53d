import io

import pytest
from rich.console import Console

from hybridrep.execution.progress import (
    Bars,
    Lines,
    StageClock,
    StageTotal,
    duration_text,
    progress_for,
    rate_text,
)


class Time:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_rate_and_time_left_ignore_what_was_there_before():
    time = Time()
    clock = StageClock(StageTotal("seeds", done=10, total=25), time)
    assert clock.describe() == "10/25 seeds"
    time.now += 1000  # waiting for other stages does not count
    clock.start()
    time.now += 50
    clock.start()  # a second task changes nothing
    time.now += 50
    clock.advance(5)
    assert clock.rate == pytest.approx(5 / 100)
    assert clock.seconds_left == pytest.approx(10 / (5 / 100))
    assert clock.describe() == "15/25 seeds, 3.0/min, 3 min left"
    clock.advance(failed=2)
    assert clock.seconds_left == pytest.approx(8 / (5 / 100))
    clock.advance(8)
    time.now += 1000
    assert clock.seconds == 100
    assert clock.describe() == "23/25 seeds, 2 failed"


def test_time_left_goes_by_work_and_not_by_count():
    """The one large autoencoder that is left takes longer than the three small ones took."""
    time = Time()
    clock = StageClock(StageTotal("autoencoders", total=4, seconds=40.0), time)
    clock.start()
    for _ in range(3):
        time.now += 10
        clock.advance(1, seconds=4.0)
    assert clock.describe() == "3/4 autoencoders, 6.0/min, 70 s left"
    time.now += 20  # what was expected comes nearer, also without news
    assert clock.seconds_left == pytest.approx(50)
    time.now += 80  # it takes longer than expected: by the pace until now
    assert clock.seconds_left == pytest.approx(28 * 130 / 12)
    clock.advance(1, seconds=28.0)
    assert clock.describe() == "4/4 autoencoders"


def test_the_time_of_other_stages_is_not_a_stages_own():
    """Seeds in two groups: between them, a stage waits for all that follows it in the first."""
    time = Time()
    clock = StageClock(StageTotal("networks", total=4), time)
    clock.start()
    time.now += 20
    clock.advance(2)
    clock.rest()
    time.now += 600
    assert clock.describe() == "2/4 networks, 6.0/min, 20 s left"
    clock.rest()  # said twice, counted once
    time.now += 400
    clock.start()
    time.now += 10
    clock.advance(1)
    assert clock.describe() == "3/4 networks, 6.0/min, 10 s left"
    time.now += 10
    clock.advance(1)
    clock.rest()
    time.now += 1000
    assert clock.seconds == 40


def test_more_work_on_a_stage_goes_on_with_its_pace():
    time = Time()
    clock = StageClock(StageTotal("trials", done=2, total=12, seconds=100.0), time)
    clock.start()
    time.now += 10
    clock.advance(4, seconds=50.0)
    clock.resume(StageTotal("trials", done=6, total=12, seconds=20.0))
    assert clock.describe() == "6/12 trials, 24.0/min, 4 s left"
    clock.advance(6, seconds=20.0)
    assert clock.ended is not None
    clock.resume(StageTotal("trials", done=0, total=3, seconds=10.0))
    assert clock.ended is None
    assert clock.describe().startswith("12/15 trials")


@pytest.mark.parametrize(
    ("rate", "text"), [(2.5, "2.5/s"), (0.5, "30.0/min"), (1 / 600, "6.0/h"), (1, "1.0/s")]
)
def test_rates_are_readable(rate, text):
    assert rate_text(rate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89.4, "89 s"), (90, "2 min"), (3600, "60 min"), (7500, "2 h 05 min")],
)
def test_durations_are_readable(seconds, text):
    assert duration_text(seconds) == text


def lines(stream):
    return stream.getvalue().splitlines()


def test_lines_are_few():
    time, stream = Time(), io.StringIO()
    progress = Lines(stream, time)
    progress.begin({"lstm": StageTotal("seeds", 5, 25), "rsa": StageTotal("seeds", 3, 3)})
    assert lines(stream) == ["rsa: all 3 seeds were finished before"]
    progress.start("lstm")
    progress.start("lstm")
    assert lines(stream)[1:] == ["lstm: started, 5/25 seeds"]
    for _ in range(18):
        time.now += 1.0
        progress.advance("lstm", 1)
        progress.tick()
    assert lines(stream)[2:] == ["lstm: 15/25 seeds, 1.0/s, 10 s left"]
    for _ in range(100):  # nothing new, nothing said
        time.now += 1.0
        progress.tick()
    assert len(lines(stream)) == 4
    progress.fail("lstm", 1)
    progress.advance("lstm", 1)
    assert lines(stream)[4:] == ["lstm: ended, 24/25 seeds, 1 failed, 2 min"]
    progress.tick()
    assert len(lines(stream)) == 5


def test_bars_show_every_stage():
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120)
    with Bars(console) as progress:
        progress.begin({"lstm": StageTotal("seeds", 5, 25)})
        progress.begin({"lstm": StageTotal("seeds", 5, 25), "embed": StageTotal("tweets", 0, 9)})
        progress.start("lstm")
        progress.advance("lstm", 3)
        progress.fail("embed", 9)
    text = stream.getvalue()
    assert "8/25 seeds" in text
    assert "9 failed" in text


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_log_gets_lines_and_a_terminal_bars(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(progress_for(io.StringIO()), Lines)
    assert isinstance(progress_for(Terminal()), Bars)
