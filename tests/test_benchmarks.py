"""The harness of the benchmarks: what it measures, prints and writes."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from benchmarks import autoencoder, harness, rsa, transfer, tweets
from benchmarks.__main__ import MODULES, select
from benchmarks.harness import Machine, Part, Timed, measure, run
from hybridrep.transforms.autoencoder import AutoencoderConfig
from hybridrep.transforms.stacked import AutoencoderResult

MACHINE = Machine(
    processor="a processor", cores=2, threads=2, gflops=100.0, gigabytes=10.0, load=0.0,
    versions={},
)  # fmt: skip


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
    result = measure(
        part(check=lambda plain, fast: seen.append((plain, fast)) or "equal"), MACHINE, rounds=3
    )
    assert (seen, result.agreement) == ([("slow", "quick")], "equal")

    def differ(plain: str, fast: str) -> None:
        raise RuntimeError("they differ")

    with pytest.raises(RuntimeError, match="they differ"):
        measure(part(check=differ), MACHINE, rounds=1)


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


@pytest.mark.parametrize("worse", [0.0, 2e-4])
def test_weights_of_autoencoders_agree_in_float32(
    worse: float, monkeypatch: pytest.MonkeyPatch, one_thread: None
) -> None:
    """The benchmark's own check, on few steps of its data: b = 32, 3 epochs, batches of 32."""
    monkeypatch.setattr(autoencoder, "SHORT_ITEMS", 96)
    monkeypatch.setattr(autoencoder, "TRAIN_ITEMS", {32: 96})
    real = autoencoder.train_autoencoders

    def train(*given: object, **more: object) -> list[AutoencoderResult]:
        results = real(*given, **more)
        for values in results[0].final_state.values():
            values *= 1 + (worse if values.dtype == np.float32 else 0.0)
        return results

    monkeypatch.setattr(autoencoder, "train_autoencoders", train)
    config = AutoencoderConfig(768, 300, 32, epochs=3)
    alone = autoencoder.plain(config).result
    if worse:
        with pytest.raises(RuntimeError, match=r"weights differ by 2.0e-04 in torch.float32"):
            autoencoder.check(config, alone, alone)
    else:
        said = autoencoder.check(config, alone, alone)
        assert "plain float32 from plain float64" in said


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
    with pytest.raises(Exception, match=r"no part nope; there are autoencoder_b32, .*encoder"):
        select(("nope",))


def test_the_names_are_those_that_latest_json_promises() -> None:
    assert set(MODULES) >= {
        "autoencoder_b32", "autoencoder_b256", "lstm_epoch", "lstm_extract", "transfer", "rsa",
        "encoder",
    }  # fmt: skip
