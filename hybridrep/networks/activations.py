"""Activations that can be applied and differentiated in place, beside their PyTorch modules.

All of them map 0 to 0, which lets stacked networks pad their hidden layers with units that stay
silent, and all have a derivative that their own output tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_SLOPE = 0.01  # default of nn.LeakyReLU
_aten = torch.ops.aten


@dataclass(frozen=True)
class Activation:
    """One activation, as a module and in place.

    Attributes:
        apply_: overwrites its argument with the activation.
        backward_: overwrites the gradient of the output with that of the input, given the output.
    """

    module: Callable[[], nn.Module]
    apply_: Callable[[Tensor], object]
    backward_: Callable[[Tensor, Tensor], object]


def _relu_backward(gradient: Tensor, output: Tensor) -> None:
    _aten.threshold_backward.grad_input(gradient, output, 0, grad_input=gradient)


def _leaky_relu_backward(gradient: Tensor, output: Tensor) -> None:
    _aten.leaky_relu_backward.grad_input(gradient, output, _SLOPE, True, grad_input=gradient)


def _elu_backward(gradient: Tensor, output: Tensor) -> None:
    _aten.elu_backward.grad_input(gradient, 1, 1, 1, True, output, grad_input=gradient)


def _tanh_backward(gradient: Tensor, output: Tensor) -> None:
    _aten.tanh_backward.grad_input(gradient, output, grad_input=gradient)


ACTIVATIONS = {
    "relu": Activation(nn.ReLU, torch.relu_, _relu_backward),
    "leaky_relu": Activation(
        nn.LeakyReLU, lambda x: nn.functional.leaky_relu_(x, _SLOPE), _leaky_relu_backward
    ),
    "elu": Activation(nn.ELU, nn.functional.elu_, _elu_backward),
    "tanh": Activation(nn.Tanh, torch.tanh_, _tanh_backward),
}
"""Name -> activation; the names that configurations accept.

Examples:
    >>> ", ".join(ACTIVATIONS)
    'relu, leaky_relu, elu, tanh'
"""
