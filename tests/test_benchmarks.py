"""The harness of the benchmarks: what it measures, prints and writes."""

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks import autoencoder, device, fusion, harness, lstm, rsa, scale, transfer, tweets
from benchmarks.__main__ import MODULES, select
from benchmarks.harness import Agreement, Machine, Part, Timed, measure, run
from benchmarks.scale import Measured, Point
from hybridrep.testing.pretended_device import pretended_device
from hybridrep.transforms.autoencoder import AutoencoderConfig
from hybridrep.transforms.stacked import AutoencoderResult

MACHINE = Machine(
    processor="a processor", cores=2, threads=2, gflops=100.0, gigabytes=10.0, load=0.0,
    versions={},
)  # fmt: skip


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no round count as busy, whatever else runs beside the tests."""
    monkeypatch.setattr(harness, "BUSY", math.inf)


def part(**given: object) -> Part:
    defaults = {
        "name": "a_part",
        "plain": lambda: Timed(3.0, "slow"),
        "fast": lambda: Timed(0.5, "quick"),
        "flops": 1e9,
        "bytes": 1e9,
        "sizes": {"items": 7},
    }
    return Part(**(defaults | given))


def test_a_ratio_is_plain_by_fast_at_equal_work() -> None:
    result = measure(part(plain_share=0.1), MACHINE, rounds=2)
    assert (result.plain_s, result.fast_s, result.ratio) == (30.0, 0.5, 60.0)
    assert result.sizes == {"items": 7}


def test_medians_are_taken_over_rounds_and_the_ratio_pair_by_pair() -> None:
    plain, fast = iter([9.0, 1.0, 4.0, 10.0]), iter([9.0, 1.0, 1.0, 5.0])  # first: to warm up
    sides = part(plain=lambda: Timed(next(plain)), fast=lambda: Timed(next(fast)), plain_threads=1)
    result = measure(sides, MACHINE, rounds=3)
    assert result.ratios == [1.0, 4.0, 2.0]
    assert (result.plain_s, result.fast_s, result.ratio) == (4.0, 1.0, 2.0)


def test_a_side_that_returns_its_result_is_timed() -> None:
    result = measure(part(plain=lambda: time.sleep(0.02)), MACHINE, rounds=1)
    assert 0.02 <= result.plain_s < 3


@pytest.mark.parametrize(
    ("flops", "moved", "floor", "bound_by"),
    [(1e11, 1e9, 1.0, "arithmetic"), (1e9, 5e10, 5.0, "memory")],
)
def test_the_floor_is_the_longer_of_arithmetic_and_traffic(
    flops: float, moved: float, floor: float, bound_by: str
) -> None:
    result = measure(part(flops=flops, bytes=moved), MACHINE, rounds=1)
    assert (result.floor_s, result.bound_by) == (floor, bound_by)


def test_both_results_are_checked_before_timing() -> None:
    seen: list[tuple[str, str]] = []

    def equal(plain: str, fast: str) -> Agreement:
        seen.append((plain, fast))
        return Agreement("equal")

    result = measure(part(check=equal), MACHINE, rounds=3)
    assert (seen, result.agreement, result.agrees) == ([("slow", "quick")], "equal", True)


def differ(plain: str, fast: str) -> Agreement:
    return Agreement("off by 1", holds=False)


def test_a_part_that_differs_is_measured_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "measure", classmethod(lambda cls, threads: MACHINE))
    parts = [part(name="first", check=differ), part(name="second")]
    monkeypatch.setattr(command, "select", lambda names: parts)
    path = tmp_path / "latest.json"
    done = CliRunner().invoke(command.main, ["--rounds", "1", "--output", str(path)])
    assert done.exit_code == 1
    assert "first: the two sides differ: off by 1" in done.output
    written = json.loads(path.read_text())
    assert (written["first"]["agrees"], written["second"]["agrees"]) == (False, True)
    assert written["first"]["ratio"] == 6.0


@contextmanager
def used(cores: Iterator[float]) -> Iterator[list[float]]:
    others: list[float] = []
    yield others
    others.append(next(cores))


def test_busy_rounds_are_marked_left_out_and_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "BUSY", 0.15)
    cores = iter([0.0, 0.9, 0.1])
    monkeypatch.setattr(harness, "watched", lambda: used(cores))
    plain = iter([0.0, 2.0, 50.0, 4.0])  # the first to warm up
    sides = part(plain=lambda: Timed(next(plain)), fast=lambda: Timed(1.0), plain_threads=1)
    result = measure(sides, MACHINE, rounds=2)
    assert (result.rounds, result.busy_rounds, result.others) == (2, 1, [0.0, 0.9, 0.1])
    assert (result.plain_s, result.ratios) == (3.0, [2.0, 4.0])


def test_where_every_round_is_busy_all_count_and_the_reader_learns_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(harness, "BUSY", 0.15)
    monkeypatch.setattr(harness, "watched", lambda: used(iter([1.0])))
    result = measure(part(), MACHINE, rounds=2)
    assert (result.rounds, result.busy_rounds) == (4, 4)
    assert result.ratio == 6.0


def test_what_others_use_is_seen_and_what_this_process_uses_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spent = iter([100.0, 107.0])  # of the whole machine
    own = iter([10.0, 13.0])
    clock = iter([0.0, 2.0])
    monkeypatch.setattr(harness, "_used", lambda times: next(spent))
    monkeypatch.setattr(harness, "_own_seconds", lambda: next(own))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    with harness.watched() as others:
        pass
    assert others == [(7.0 - 3.0) / 2.0]


def test_every_second_round_has_the_sides_in_the_opposite_order() -> None:
    order: list[str] = []

    def side(name: str) -> Timed:
        order.append(name)
        return Timed(1.0)

    both = part(plain=lambda: side("plain"), fast=lambda: side("fast"), plain_threads=1)
    measure(both, MACHINE, rounds=3)
    assert order[2:] == ["plain", "fast", "fast", "plain", "plain", "fast"]


def test_a_killed_run_keeps_the_rounds_that_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "measure", classmethod(lambda cls, threads: MACHINE))
    plain = iter([Timed(3.0), Timed(3.0), Timed(4.0)])

    def side() -> Timed:
        for timed in plain:
            return timed
        raise KeyboardInterrupt

    path = tmp_path / "latest.json"
    with pytest.raises(KeyboardInterrupt):
        run([part(plain=side, plain_threads=1)], 5, path, Console(quiet=True))
    assert json.loads(path.read_text())["a_part"]["ratios"] == [6.0, 8.0]


def test_threads_are_set_for_each_side_and_given_back() -> None:
    before, seen = torch.get_num_threads(), []

    def note() -> Timed:
        seen.append(torch.get_num_threads())
        return Timed(1.0)

    measure(part(plain=note, fast=note, plain_threads=1), MACHINE, rounds=1)
    assert seen == [1, before, 1, before]
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("slowed", "quicker"), [(1, 2), (2, 1)])
def test_the_plain_side_gets_the_number_of_threads_that_suits_it(
    slowed: int, quicker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    now: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", now.append)
    result = measure(
        part(plain=lambda: Timed(9.0 if now[-1] == slowed else 3.0)), MACHINE, rounds=1
    )
    assert (result.plain_threads, result.plain_s) == (quicker, 3.0)


def test_results_are_written_beside_those_of_other_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "measure", classmethod(lambda cls, threads: MACHINE))
    path = tmp_path / "latest.json"
    path.write_text('{"other": {"ratio": 5.0}}')
    console = Console(record=True, width=200)
    run([part()], 1, path, console)

    written = json.loads(path.read_text())
    assert written["other"] == {"ratio": 5.0}
    entry = written["a_part"]
    assert {"plain_s", "fast_s", "floor_s", "ratio", "sizes", "machine"} <= set(entry)
    assert entry["machine"]["gflops"] == 100.0
    assert "6.0x" in console.export_text()
    assert [found.name for found in tmp_path.iterdir()] == ["latest.json"]


def test_the_floor_is_that_of_the_threads_that_the_fast_side_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def machine(cls: type, threads: int) -> Machine:
        return replace(MACHINE, threads=threads, gflops=[0.0, 80.0, 100.0][threads])

    monkeypatch.setattr(Machine, "measure", classmethod(machine))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    parts = [part(name="one", flops=8e10, fast_threads=1), part(name="all", flops=8e10)]
    entries = run(parts, 1, tmp_path / "latest.json", Console(quiet=True))
    assert [entries[name]["floor_s"] for name in ("one", "all")] == [1.0, 0.8]
    assert [entries[name]["machine"]["threads"] for name in ("one", "all")] == [1, 2]


def test_the_machine_is_measured_with_the_threads_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, seen = torch.get_num_threads(), []
    monkeypatch.setattr(
        harness, "_best", lambda call, *_: seen.append(torch.get_num_threads()) or 1.0
    )
    assert Machine.measure(1).threads == 1
    assert seen == [1, 1]
    assert torch.get_num_threads() == before


def test_adam_moves_nothing_where_the_cache_holds_its_state() -> None:
    assert harness.adam_bytes(10**6) == 0
    assert harness.adam_bytes(10**7) == 2.4e8


def test_floors_count_alike_what_the_cache_holds() -> None:
    (part,) = transfer.parts()
    assert part.bytes < part.flops / 10  # the rows, not the optimizer's state
    small, large = autoencoder.parts()
    assert small.bytes * 5 < large.bytes


def test_the_floor_of_rsa_counts_one_triangle() -> None:
    (part,) = rsa.parts()
    one_pass = 25 * 300 * 300 * (50 * 332 + 1068)
    assert 2 * one_pass < part.flops < 2.2 * one_pass


def test_the_reader_learns_which_tweets_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYBRIDREP_DATA", raising=False)
    tweets.emotion_corpus.cache_clear()
    assert tweets.described() == "synthetic sample"
    tweets.emotion_corpus.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoiled", "holds"), [(None, True), (np.float32, True), (np.float64, False)]
)
def test_weights_of_autoencoders_are_judged_in_float64(
    spoiled: type | None, holds: bool, monkeypatch: pytest.MonkeyPatch, one_thread: None
) -> None:
    """The benchmark's own check, on few steps of its data: b = 32, 3 epochs, batches of 32."""
    kept = (autoencoder.latent, autoencoder.inputs, autoencoder.targets)
    monkeypatch.setattr(autoencoder, "ITEMS", 400)
    for each in kept:
        each.cache_clear()
    monkeypatch.setattr(autoencoder, "SHORT_ITEMS", 96)
    monkeypatch.setattr(autoencoder, "TRAIN_ITEMS", {32: 96})
    real = autoencoder.train_autoencoders

    def train(*given: object, **more: object) -> list[AutoencoderResult]:
        results = real(*given, **more)
        for values in results[0].final_state.values():
            if spoiled is not None and values.dtype == spoiled:
                values *= 1.12
        return results

    monkeypatch.setattr(autoencoder, "train_autoencoders", train)
    config = AutoencoderConfig(768, 300, 32, epochs=3)
    alone = autoencoder.plain(config).result
    agreement = autoencoder.check(config, alone, alone)
    for each in kept:
        each.cache_clear()
    assert agreement.holds == holds
    if spoiled is np.float32:
        assert "in float32 1e-01" in agreement.said  # told, and no reason to stop


@pytest.mark.slow
def test_lstms_agree_in_float64(monkeypatch: pytest.MonkeyPatch, one_thread: None) -> None:
    monkeypatch.delenv("HYBRIDREP_DATA", raising=False)
    for kept in (tweets.emotion_corpus, lstm.tweets):
        kept.cache_clear()
    monkeypatch.setattr(lstm, "CHECKED", 2)
    weights, states = lstm.differences_in_double()
    assert 0 < weights < lstm.TOLERANCE
    assert 0 < states < lstm.TOLERANCE
    for kept in (tweets.emotion_corpus, lstm.tweets):
        kept.cache_clear()


def test_classifiers_agree_in_float64(monkeypatch: pytest.MonkeyPatch, one_thread: None) -> None:
    monkeypatch.setattr(transfer, "_split", lambda seed: (np.arange(96), np.arange(96, 128)))
    curves, results = transfer._in_double()
    assert len(results) == len(curves) == 7
    assert transfer._worst(curves, results) < transfer.TOLERANCE


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_is_that_of_the_growth(power: float) -> None:
    values = [2_000, 16_000, 100_000]
    assert scale.exponent(values, [3 * v**power for v in values]) == pytest.approx(power)
    assert math.isnan(scale.exponent([5], [1.0]))


def test_the_table_of_scale_varies_one_axis_at_a_time_and_keeps_what_it_measured(
    tmp_path: Path,
) -> None:
    path = tmp_path / "latest.json"
    path.write_text('{"other": {"ratio": 5.0}}')
    asked: list[Point] = []

    def work(point: Point) -> Measured:
        asked.append(point)
        if not point.stage:
            return Measured(0.0, 300.0, 0.0)
        if point.sizes["items"] > 50_000:
            raise RuntimeError("transfer: it was killed")
        sizes = point.sizes
        return Measured(sizes["seeds"] * sizes["items"] ** 2, 300.0 + sizes["items"], 0.0)

    console = Console(record=True, width=200)
    rows = scale.run_scale(path, console, ["transfer"], work)
    centre = scale.CENTRE
    for point in asked[1:]:
        assert sum(point.sizes[name] != centre[name] for name in centre) <= 1
    assert {row["items"] for row in rows} == {2_000, 16_000, 100_000}
    assert {row["seeds"] for row in rows} == {5, 25, 100}
    written = json.loads(path.read_text())
    assert written["other"] == {"ratio": 5.0}
    assert len(written["scale"]["points"]) == len(rows) == 5
    slopes = {row["axis"]: row for row in written["scale"]["exponents"]}
    assert slopes["items"]["seconds_exponent"] == pytest.approx(2.0)
    assert slopes["items"]["megabytes_exponent"] == pytest.approx(1.0)
    assert slopes["seeds"]["seconds_exponent"] == pytest.approx(1.0)
    assert "it was killed" in console.export_text()


@pytest.mark.parametrize("stage", scale.STAGES)
def test_what_is_measured_for_scale_runs(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = torch.get_num_threads()
    scale.main(json.dumps([stage, {"seeds": 2, "items": 200, "bottleneck": 4}]))
    torch.set_num_threads(before)
    seconds, megabytes = json.loads(capsys.readouterr().out)
    assert seconds > 0
    assert megabytes > 50


def test_a_broken_file_is_started_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Machine, "measure", classmethod(lambda cls, threads: MACHINE))
    path = tmp_path / "latest.json"
    path.write_text("{half")
    run([part()], 1, path, Console(quiet=True))
    assert list(json.loads(path.read_text())) == ["a_part"]


def test_parts_are_selected_by_name_in_a_fixed_order() -> None:
    assert [p.name for p in select(("autoencoder_b256", "autoencoder_b32"))] == [
        "autoencoder_b32",
        "autoencoder_b256",
    ]
    with pytest.raises(Exception, match=r"no part nope; there are autoencoder_b32, .*scale"):
        select(("nope",))
    assert select(("scale",)) == []


def test_the_names_are_those_that_latest_json_promises() -> None:
    assert set(MODULES) >= {
        "autoencoder_b32", "autoencoder_b256", "lstm_epoch", "lstm_extract", "transfer", "rsa",
        "encoder",
    }  # fmt: skip


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", fusion.OBJECTIVES)
def test_fusions_agree_in_float64(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusion, "SHORT_ITEMS", 128)
    objective = replace(fusion.OBJECTIVES[name], epochs=1)
    plain = fusion.train_plainly(objective, fusion.pair_data(0, 128)).result
    agreement = fusion.check(objective, plain, plain)
    assert agreement.holds
    assert agreement.said.endswith("in float32: 0e+00")
    monkeypatch.setattr(fusion, "TOLERANCE", -1.0)
    assert not fusion.check(objective, plain, plain).holds
    doubled = [(2 * weight, bias) for weight, bias in plain]
    assert fusion.difference(plain, doubled) == pytest.approx(1.0)


SMALL = device.Sizes(models=2, items=160, wide=20, narrow=16, time_steps=9, words=80, hidden=12)


@pytest.mark.usefixtures("one_thread")
def test_a_device_is_compared_with_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "stack_memory", lambda _: 2**40)
    monkeypatch.setattr("hybridrep.studies.nback.memory.training.CHECK_TRIALS", 40)
    console = Console(record=True, width=120, quiet=True)
    with pretended_device() as pretended:
        assert device.compare(pretended.name, SMALL, console)
        monkeypatch.setitem(
            device.SUBJECTS, "fusions",
            lambda *given: {n: 1.01 * a for n, a in device.fusions(*given).items()}
            if given[1] == pretended.name else device.fusions(*given),
        )  # fmt: skip
        assert not device.compare(pretended.name, SMALL, console)


def test_without_a_device_nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "other_device", lambda: "")
    done = CliRunner().invoke(device.main)
    assert done.exit_code == 2
    assert "nothing was compared" in done.output
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    done = CliRunner().invoke(device.main, ["--device", "cuda"])
    assert done.exit_code == 2
    assert "PyTorch finds no such device" in done.output
