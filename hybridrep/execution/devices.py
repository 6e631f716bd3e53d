"""Where networks are trained: the processor, or another device that PyTorch finds on this machine.

A device is asked for by the parameter `device`: `cpu`, `cuda`, `cuda:N` or `mps`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hybridrep.errors import ExecutionError, ParameterError
from hybridrep.execution.local import share_of_memory
from hybridrep.parameters import CPU

_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""What Linux shows where there is a driver that PyTorch could use: NVIDIA's, WSL's, AMD's."""


def check_device(device: str, cluster: str = "", workers: int = 0) -> list[str]:
    """Refuse a device that cannot be used, before any work; return what is to be said of it.

    Args:
        device: `cpu`, `cuda`, `cuda:N` or `mps`.
        cluster: address of the scheduler whose workers compute; empty: this machine does.
        workers: processes that are asked for on this machine; 0: nobody asked.

    Raises:
        ParameterError: PyTorch finds no such device here, or a cluster is to compute.

    Examples:
        >>> check_device("cuda", cluster="tcp://10.0.0.5:8786")
        Traceback (most recent call last):
        ...
        hybridrep.errors.ParameterError: parameter device=cuda: whether the workers of \
cluster=tcp://10.0.0.5:8786 have one cannot be asked before they work; give `cpu`, or leave \
`cluster` empty
    """
    if device == CPU:
        return [] if cluster else _left_unused()
    if cluster:
        raise ParameterError(
            f"parameter device={device}: whether the workers of cluster={cluster} have one cannot "
            "be asked before they work; give `cpu`, or leave `cluster` empty"
        )
    kind, _, number = device.partition(":")
    if int(number or 0) >= _count(kind):
        raise ParameterError(
            f"parameter device={device}: PyTorch finds no such device on this machine; "
            "give `cpu`, or install a build of PyTorch for it"
        )
    if workers > 1:
        return [f"note: device={device} is used by one process, not workers={workers}"]
    return []


def process_count(device: str, workers: int) -> int:
    """Return how many processes compute, as `workers` counts them: on another device one.

    >>> process_count("cpu", 0), process_count("cuda:1", 8)
    (0, 1)
    """
    return workers if device == CPU else 1


def free_memory(device: str) -> int:
    """Return the bytes that are free for a process: of the device, or its share of this machine's.

    What PyTorch holds of a device and does not use counts as free.
    """
    if device == CPU:
        return share_of_memory()
    import torch

    if torch.device(device).type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + kept


def stack_memory(device: str) -> int:
    """Return the bytes for models that are trained at once: half of what is free.

    The rest is for batches, similarity matrices, other programs.
    """
    return free_memory(device) // 2


@contextmanager
def memory_explained() -> Iterator[None]:
    """Say what to do where a device runs out of memory inside.

    Raises:
        ExecutionError: it did.
    """
    try:
        yield
    except RuntimeError as error:
        torch = sys.modules.get("torch")
        out = torch is not None and isinstance(error, torch.OutOfMemoryError)
        if not out and "MPS backend out of memory" not in str(error):
            raise
        reason = str(error).strip().partition("\n")[0]
        raise ExecutionError(
            f"the device has too little memory free ({reason}): end what else uses it, choose a "
            "device with more, or device=cpu"
        ) from error


def other_device() -> str:
    """Return `cuda` or `mps` where PyTorch finds one, else nothing.

    Without a driver PyTorch, which is slow to import, is not asked.
    """
    if sys.platform == "linux" and not any(Path(driver).exists() for driver in _DRIVERS):
        return ""
    return next((kind for kind in ("cuda", "mps") if _count(kind)), "")


def _left_unused() -> list[str]:
    if not (found := other_device()):
        return []
    return [f"note: networks train on the processor (device=cpu); this machine has `{found}`, too"]


def _count(kind: str) -> int:
    """Return how many devices of a kind PyTorch finds."""
    import torch

    if kind == "cuda":
        return torch.cuda.device_count()
    return int(torch.backends.mps.is_available())
