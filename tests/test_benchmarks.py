"""The harness of the benchmarks: what it measures, prints and writes."""

import json
import time
from pathlib import Path

import pytest
import torch
from rich.console import Console

from benchmarks.__main__ import MODULES, select
from benchmarks.harness import Machine, Part, Timed, measure, run

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
    result, _ = measure(part(plain_share=0.1), MACHINE, rounds=2)
    assert (result.plain_s, result.fast_s, result.ratio) == (30.0, 0.5, 60.0)
    assert result.sizes == {"items": 7}


def test_medians_are_taken_over_rounds_and_the_ratio_pair_by_pair() -> None:
    plain, fast = iter([9.0, 1.0, 4.0, 10.0]), iter([9.0, 1.0, 1.0, 5.0])  # first: to warm up
    sides = part(plain=lambda: Timed(next(plain)), fast=lambda: Timed(next(fast)), plain_threads=1)
    result, _ = measure(sides, MACHINE, rounds=3)
    assert result.ratios == [1.0, 4.0, 2.0]
    assert (result.plain_s, result.fast_s, result.ratio) == (4.0, 1.0, 2.0)


def test_a_side_that_returns_its_result_is_timed() -> None:
    result, _ = measure(part(plain=lambda: time.sleep(0.02)), MACHINE, rounds=1)
    assert 0.02 <= result.plain_s < 3


@pytest.mark.parametrize(
    ("flops", "moved", "threads", "floor", "bound_by"),
    [
        (1e11, 1e9, 0, 1.0, "arithmetic"),
        (1e11, 1e9, 1, 2.0, "arithmetic"),
        (1e9, 5e10, 0, 5.0, "memory"),
    ],
)
def test_the_floor_is_the_longer_of_arithmetic_and_traffic(
    flops: float, moved: float, threads: int, floor: float, bound_by: str
) -> None:
    result, _ = measure(part(flops=flops, bytes=moved, fast_threads=threads), MACHINE, rounds=1)
    assert (result.floor_s, result.bound_by) == (floor, bound_by)


def test_both_results_are_checked_before_timing() -> None:
    seen: list[tuple[str, str]] = []
    _, agreement = measure(
        part(check=lambda plain, fast: seen.append((plain, fast)) or "equal"), MACHINE, rounds=3
    )
    assert (seen, agreement) == ([("slow", "quick")], "equal")

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
    result, _ = measure(
        part(plain=lambda: Timed(9.0 if now[-1] == slowed else 3.0)), MACHINE, rounds=1
    )
    assert (result.plain_threads, result.plain_s) == (quicker, 3.0)


def test_results_are_written_beside_those_of_other_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "measure", classmethod(lambda cls: MACHINE))
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


def test_a_broken_file_is_started_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Machine, "measure", classmethod(lambda cls: MACHINE))
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
