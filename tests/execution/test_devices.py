"""Devices: refused before any work where they are not, and said where they are left unused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from hybridrep.errors import ExecutionError, ParameterError
from hybridrep.execution import devices
from hybridrep.execution.devices import (
    check_device,
    free_memory,
    memory_explained,
    process_count,
)
from hybridrep.execution.local import share_of_memory


@pytest.fixture
def gpus(monkeypatch):
    """Let PyTorch find so many."""

    def found(cuda: int, mps: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(devices, "_DRIVERS", (str(Path(__file__)),))

    return found


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:98", "mps"])
def test_a_device_that_is_not_here_is_refused(device, gpus):
    gpus(0)
    with pytest.raises(ParameterError, match=f"device={device}: PyTorch finds no such device"):
        check_device(device)


def test_one_that_is_here_is_taken(gpus):
    gpus(2, mps=True)
    assert [check_device(device) for device in ("cuda", "cuda:1", "mps")] == [[], [], []]
    with pytest.raises(ParameterError, match="device=cuda:2"):
        check_device("cuda:2")


def test_more_workers_than_one_share_no_device(gpus):
    gpus(1)
    assert check_device("cuda", workers=1) == check_device("cuda", workers=0) == []
    (line,) = check_device("cuda", workers=8)
    assert "by one process, not workers=8" in line
    assert (process_count("cuda", 8), process_count("cpu", 8)) == (1, 8)


def test_a_clusters_workers_are_not_guessed_at(gpus):
    gpus(1)
    with pytest.raises(ParameterError, match="cannot be asked before they work"):
        check_device("cuda", cluster="tcp://10.0.0.5:8786")
    assert check_device("cpu", cluster="tcp://10.0.0.5:8786") == []


@pytest.mark.parametrize(("cuda", "mps", "named"), [(1, False, "`cuda`"), (0, True, "`mps`")])
def test_a_device_that_is_left_unused_is_said_in_a_line(cuda, mps, named, gpus):
    gpus(cuda, mps)
    (line,) = check_device("cpu")
    assert named in line
    assert "\n" not in line


def test_without_one_nothing_is_said(gpus):
    gpus(0)
    assert check_device("cpu") == []


def test_without_a_driver_pytorch_is_not_even_asked(monkeypatch, gpus):
    gpus(1)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(devices, "_DRIVERS", ("/no/such/driver",))
    assert check_device("cpu") == []


def test_the_memory_that_is_free_is_the_devices_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (7_000, 9_000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 500)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 200)
    assert free_memory("cuda:0") == 7_300  # what PyTorch keeps for itself is free to it
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 5_000)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 1_000)
    assert free_memory("mps") == 4_000
    assert free_memory("cpu") == pytest.approx(share_of_memory(), rel=0.2)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee more"),
        RuntimeError("MPS backend out of memory (MPS allocated: 5 GiB)"),
    ],
)
def test_a_device_without_memory_is_one_message(error):
    with pytest.raises(ExecutionError, match="too little memory free") as caught, \
            memory_explained():  # fmt: skip
        raise error
    assert "device=cpu" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_fault_stays_what_it_is():
    with pytest.raises(RuntimeError, match="size mismatch"), memory_explained():
        raise RuntimeError("size mismatch")
