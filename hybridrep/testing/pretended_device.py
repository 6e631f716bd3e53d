"""A device that every machine has: it computes on the processor, and minds what is elsewhere.

Tensors on it say that they are on `meta`, and hold their numbers beside. So code can be run as on a
GPU, on any machine, to its end: whatever meets a tensor of the processor is refused, as there, and
its results are to be those of the processor, bit for bit. What is moved to and fro is counted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map_only

NAME = "meta"
"""How the device is called."""


class Elsewhere(Tensor):
    """A tensor on the pretended device; `numbers` is where they are."""

    numbers: Tensor
    __slots__ = ["numbers"]

    @staticmethod
    def __new__(cls, numbers: Tensor) -> Elsewhere:
        """Wrap a tensor of the processor."""
        with torch.inference_mode(False):  # a view of one made outside has to count versions
            made: Elsewhere = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
                cls, numbers.size(), strides=numbers.stride(),
                storage_offset=numbers.storage_offset(), dtype=numbers.dtype,
                device=torch.device(NAME), requires_grad=numbers.requires_grad,
            )  # fmt: skip
        made.numbers = numbers
        return made

    def tolist(self) -> Any:
        """Read all numbers back."""
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Refuse use outside of the device, where nothing would be minded."""
        raise AssertionError(f"{function} of a tensor on the device, outside of PretendedDevice")


class PretendedDevice(TorchDispatchMode):
    """The device, while it is entered.

    Attributes:
        name: what is given as `device`.
        moved: how many tensors came to it, by their number of elements.
        read: how many tensors or numbers were read back from it.

    Examples:
        >>> with pretended_device() as device:
        ...     twice = torch.arange(3).to(device.name) * 2
        ...     back = twice.cpu().tolist()
        >>> back, twice.device.type, device.moved, device.read
        ([0, 2, 4], 'meta', [3], 1)
    """

    name = NAME

    def __init__(self) -> None:
        super().__init__()
        self.moved: list[int] = []
        self.read = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Compute on the processor what is on the device."""
        kwargs = dict(kwargs or {})
        if function.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd):
            with self:
                return function.decompose(*args, **kwargs)
        tensors = [each for each in tree_flatten((args, kwargs))[0] if isinstance(each, Tensor)]
        here = [each for each in tensors if isinstance(each, Elsewhere)]
        name = function.overloadpacket.__name__
        wanted = kwargs.get("device")
        makes = wanted is not None and torch.device(wanted).type == NAME
        if not here and not makes:
            return function(*args, **kwargs)
        leaves = here and wanted is not None and not makes
        self._mind(function, name, tensors, here)
        if wanted is not None:
            kwargs["device"] = torch.device("cpu")
        inner = tree_map_only(Elsewhere, lambda each: each.numbers, (args, kwargs))
        found = function(*inner[0], **inner[1])
        if makes and not here and name == "_to_copy":
            self.moved.append(tensors[0].numel())
        if leaves or name == "_local_scalar_dense":
            self.read += 1
            return found
        wrapped = tree_map_only(Tensor, Elsewhere, found)
        if tensors and not here:
            return wrapped
        return return_and_correct_aliasing(function, args, kwargs, wrapped)

    def _mind(
        self, function: Callable[..., Any], name: str, tensors: list[Tensor], here: list[Elsewhere]
    ) -> None:
        """Refuse tensors of two devices in one operation, but where one is moved to the other."""
        if not here or len(here) == len(tensors) or name == "_to_copy":
            return
        if name not in ("copy_", "index"):  # GPUs take an index of the processor, too
            raise AssertionError(f"{function} of tensors on the device and on the processor")
        if isinstance(tensors[0], Elsewhere):
            self.moved.extend(t.numel() for t in tensors if not isinstance(t, Elsewhere))
        else:
            self.read += 1


@contextmanager
def pretended_device() -> Iterator[PretendedDevice]:
    """Enter the device, and let PyTorch's fused optimisers take it for one of their own."""
    optimiser = sys.modules["torch.optim.optimizer"]
    name = "_get_fused_kernels_supported_devices"
    known = getattr(optimiser, name)()
    with patch.object(optimiser, name, lambda: [*known, NAME]), PretendedDevice() as device:
        yield device
