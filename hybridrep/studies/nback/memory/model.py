"""The recurrent networks of the study: RNN, GRU and LSTM behind one image part, as stacks.

    map [C, 7, 7] -> convolution to H channels, flattened -+
    or its principal components [k] -----------------------+-> with the task code -> linear to H
        -> ReLU -> layer norm -> recurrent layer -> layer norm -> tanh -> linear to 3 responses

ReLU, the place of both layer norms and tanh are those of the authors' public code; the paper has
only "fully connected ... with layer normalization" and "another fully connected layer" (Lei, Ito &
Bashivan, section 3). There is no nonlinearity between convolution and linear layer, so the two are
one linear map of the feature map: on the training images all their principal components allow the
same functions (`front_end` "pca"), and only the optimiser's path differs.

Parameters carry a leading model axis: networks of one shape are computed as one stack. A network's
parameters have the names and shapes of the same network made of torch.nn's modules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from hybridrep.networks.checks import check_choice, check_whole
from hybridrep.studies.nback.names import ARCHITECTURES, RESPONSES

FRONT_ENDS = ("pca", "conv")
NONLINEARITIES = ("tanh", "relu")
INITIAL_STATES = ("zero", "kaiming")

_GATES = {"rnn": 1, "gru": 3, "lstm": 4}
_EPSILON = 1e-5  # of nn.LayerNorm


@dataclass(frozen=True)
class MemoryConfig:
    """What one network is. Every bad value is refused here.

    Attributes:
        architecture: of the recurrent layer.
        hidden: its units, and those of the image part.
        channels: of a feature map (`conv`), or components of it (`pca`).
        positions: places of a feature map, 49; of components 1.
        task_units: length of the task code.
        front_end: `pca` takes components, `conv` the maps themselves.
        nonlinearity: of the vanilla RNN.
        initial_state: `zero`, or `kaiming`: drawn anew at every pass, uniform within
            sqrt(6 / (batch x hidden)), as the public code does.

    Examples:
        >>> MemoryConfig("gru", 128, channels=256).recurrent_parameters
        99072
    """

    architecture: str
    hidden: int
    channels: int
    positions: int = 1
    task_units: int = 6
    front_end: str = "pca"
    nonlinearity: str = "tanh"
    initial_state: str = "zero"

    def __post_init__(self) -> None:
        check_choice("network", "architecture", self.architecture, ARCHITECTURES)
        check_choice("network", "front_end", self.front_end, FRONT_ENDS)
        check_choice("network", "nonlinearity", self.nonlinearity, NONLINEARITIES)
        check_choice("network", "initial_state", self.initial_state, INITIAL_STATES)
        for name in ("hidden", "channels", "positions", "task_units"):
            check_whole("network", name, getattr(self, name))

    @property
    def image_units(self) -> int:
        """Numbers that the linear layer takes of an image."""
        units = self.hidden if self.front_end == "conv" else self.channels
        return units * self.positions

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The parameters of one network, named as torch.nn's modules name them."""
        size, gates = self.hidden, _GATES[self.architecture] * self.hidden
        convolution = {
            "convolution.weight": (size, self.channels, 1, 1), "convolution.bias": (size,),
        }  # fmt: skip
        return {
            **(convolution if self.front_end == "conv" else {}),
            "input.weight": (size, self.image_units + self.task_units), "input.bias": (size,),
            "input_norm.weight": (size,), "input_norm.bias": (size,),
            "recurrent.weight_ih_l0": (gates, size), "recurrent.weight_hh_l0": (gates, size),
            "recurrent.bias_ih_l0": (gates,), "recurrent.bias_hh_l0": (gates,),
            "output_norm.weight": (size,), "output_norm.bias": (size,),
            "response.weight": (len(RESPONSES), size), "response.bias": (len(RESPONSES),),
        }  # fmt: skip

    @property
    def parameters(self) -> int:
        """How many parameters a network has."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @property
    def recurrent_parameters(self) -> int:
        """How many of them are the recurrent layer's; the paper matches these."""
        return sum(math.prod(s) for n, s in self.shapes.items() if n.startswith("recurrent."))


State = Mapping[str, np.ndarray]
"""A network's parameters by name, float32."""


def initial_state(config: MemoryConfig, rng: torch.Generator) -> dict[str, Tensor]:
    """Draw a network's parameters as torch.nn's modules do, always in float32.

    Weights and biases are uniform within 1 / sqrt(fan-in) (a recurrent layer's within
    1 / sqrt(hidden)); layer norms begin at 1 and 0.

    Examples:
        >>> state = initial_state(MemoryConfig("rnn", 4, channels=10), torch.Generator())
        >>> tuple(state["input.weight"].shape), bool(state["input.weight"].abs().max() <= 0.25)
        ((4, 16), True)
    """
    fan_in = {
        "convolution": config.channels, "input": config.image_units + config.task_units,
        "recurrent": config.hidden, "response": config.hidden,
    }  # fmt: skip
    state = {}
    for name, shape in config.shapes.items():
        module, _, kind = name.partition(".")
        if module.endswith("norm"):
            state[name] = torch.ones(shape) if kind == "weight" else torch.zeros(shape)
        else:
            bound = 1 / math.sqrt(fan_in[module])
            state[name] = torch.empty(shape).uniform_(-bound, bound, generator=rng)
    return state


@dataclass(frozen=True)
class Hidden:
    """What the recurrent layer of a stack holds.

    Attributes:
        output: h, what it gives on, [models, frames, trials, hidden] or of one frame
            [models, trials, hidden].
        cell: c of an LSTM, of the same shape; None for others.
    """

    output: Tensor
    cell: Tensor | None = None


class MemoryStack:
    """Networks of one shape, each parameter with a leading model axis.

    Args:
        states: parameters of each network, as `initial_state` returns them.
        dtype: of the arithmetic.
        trainable: whether gradients are wanted.
    """

    def __init__(
        self, config: MemoryConfig, states: Sequence[Mapping[str, Tensor]],
        dtype: torch.dtype = torch.float32, *, trainable: bool = False,
    ) -> None:  # fmt: skip
        self.config = config
        self.parameters = {
            name: torch.stack([state[name].to(dtype) for state in states]).requires_grad_(trainable)
            for name in config.shapes
        }

    @property
    def width(self) -> int:
        """Number of networks."""
        return len(self.parameters["input.bias"])

    @property
    def dtype(self) -> torch.dtype:
        """Of the arithmetic."""
        return self.parameters["input.bias"].dtype

    @property
    def device(self) -> torch.device:
        """Where it is computed."""
        return self.parameters["input.bias"].device

    def state_of(self, model: int) -> dict[str, np.ndarray]:
        """Return a copy of one network's parameters, in float32."""
        return {
            name: stacked[model].detach().to("cpu", torch.float32, copy=True).numpy()
            for name, stacked in self.parameters.items()
        }

    def image_part(
        self, images: Float[Tensor, "images positions channels"]
    ) -> Float[Tensor, "models images hidden"]:
        """Return what the linear layer gets of some images, without bias and task code.

        Images are maps with their channels last, or components as one position.
        """
        config, values = self.config, self.parameters
        weight = values["input.weight"][:, :, : config.image_units]
        if config.front_end == "pca":
            flat = images.reshape(len(images), config.image_units)
            return flat @ weight.transpose(1, 2)
        convolution = values["convolution.weight"].flatten(2).transpose(1, 2)
        maps = images.flatten(0, 1) @ convolution + values["convolution.bias"].unsqueeze(1)
        flat = maps.view(self.width, len(images), config.positions * config.hidden)
        # nn.Flatten lays channels out first, maps here lie with their positions first
        placed = weight.unflatten(2, (config.hidden, config.positions)).transpose(2, 3).flatten(2)
        return flat @ placed.transpose(1, 2)

    def frames(
        self, part: Float[Tensor, "models images hidden"],
        shown: Int[Tensor, "models frames trials"],
        codes: Float[Tensor, "models trials units"],
    ) -> Float[Tensor, "models frames trials hidden"]:  # fmt: skip
        """Return what the recurrent layer gets at each frame.

        Args:
            part: the image part of every image; one that is shown often is computed once.
            shown: which of the images each trial shows at each frame.
            codes: each trial's task code, the same at all frames.
        """
        values, (models, frames, trials) = self.parameters, shown.shape
        weight = values["input.weight"][:, :, self.config.image_units :]
        task = torch.baddbmm(values["input.bias"].unsqueeze(1), codes, weight.transpose(1, 2))
        start = torch.arange(models, device=self.device)[:, None, None] * part.shape[1]
        rows = part.flatten(0, 1).index_select(0, (shown + start).flatten())
        total = rows.view(models, frames, trials, -1) + task.unsqueeze(1)
        return self._normed("input_norm", torch.relu(total))

    def recur(
        self, frames: Float[Tensor, "models frames trials hidden"], start: Hidden | None = None
    ) -> Hidden:
        """Run the recurrent layer over frames, from zeros or from a given state of one frame."""
        values = self.parameters
        count, trials = frames.shape[1:3]
        rows = frames.flatten(1, 2)
        projected = torch.baddbmm(
            values["recurrent.bias_ih_l0"].unsqueeze(1), rows,
            values["recurrent.weight_ih_l0"].transpose(1, 2),
        ).unflatten(1, (count, trials))  # fmt: skip
        now = start or self.zero_state(trials)
        outputs, cells = [], []
        for given in projected.unbind(1):  # one gradient for all, where slices make one each
            now = self._step(given, now)
            outputs.append(now.output)
            cells.append(now.cell)
        kept = [cell for cell in cells if cell is not None]
        return Hidden(torch.stack(outputs, 1), torch.stack(kept, 1) if kept else None)

    def zero_state(self, trials: int) -> Hidden:
        """Return the state before the first frame."""
        zeros = torch.zeros(
            self.width, trials, self.config.hidden, dtype=self.dtype, device=self.device
        )
        return Hidden(zeros, zeros if self.config.architecture == "lstm" else None)

    def kaiming_state(self, trials: int, rngs: Sequence[torch.Generator]) -> Hidden:
        """Draw the state before the first frame of each network from its own generator.

        It is what nn.init.kaiming_uniform_ makes of an empty [1, trials, hidden].
        """
        shape = (trials, self.config.hidden)
        bound = math.sqrt(6 / math.prod(shape))

        def drawn() -> Tensor:
            each = [torch.empty(shape).uniform_(-bound, bound, generator=rng) for rng in rngs]
            return torch.stack(each).to(self.device, self.dtype)

        output = drawn()
        return Hidden(output, drawn() if self.config.architecture == "lstm" else None)

    def answers(self, output: Float[Tensor, "models ... hidden"]) -> Float[Tensor, "models ... 3"]:
        """Return the scores (logits) of the three responses, given h."""
        values = self.parameters
        normed = self._normed("output_norm", output)
        flat = torch.tanh(normed).flatten(1, -2)
        scores = torch.baddbmm(
            values["response.bias"].unsqueeze(1), flat, values["response.weight"].transpose(1, 2)
        )
        return scores.view(*output.shape[:-1], len(RESPONSES))

    def _step(self, given: Tensor, before: Hidden) -> Hidden:
        """Return the state after one more frame; `given` is the input times its weights."""
        values, size = self.parameters, self.config.hidden
        own = torch.baddbmm(
            values["recurrent.bias_hh_l0"].unsqueeze(1), before.output,
            values["recurrent.weight_hh_l0"].transpose(1, 2),
        )  # fmt: skip
        if self.config.architecture == "rnn":
            total = given + own
            relu = self.config.nonlinearity == "relu"
            return Hidden(torch.relu(total) if relu else torch.tanh(total))
        if self.config.architecture == "gru":
            (gates, candidate), (own_gates, own_candidate) = (
                each.split([2 * size, size], dim=2) for each in (given, own)
            )
            reset, update = torch.sigmoid(gates + own_gates).chunk(2, 2)
            new = torch.tanh(candidate + reset * own_candidate)
            return Hidden(torch.lerp(new, before.output, update))
        assert before.cell is not None
        into, forget, new, out = (given + own).chunk(4, 2)
        cell = torch.sigmoid(forget) * before.cell + torch.sigmoid(into) * torch.tanh(new)
        return Hidden(torch.sigmoid(out) * torch.tanh(cell), cell)

    def _normed(self, name: str, values: Tensor) -> Tensor:
        """Apply a layer norm of each network."""
        weights, biases = (self.parameters[f"{name}.{kind}"] for kind in ("weight", "bias"))
        size = (self.config.hidden,)
        each = [
            nn.functional.layer_norm(mine, size, weight, bias, _EPSILON)
            for mine, weight, bias in zip(values, weights, biases, strict=True)
        ]
        return torch.stack(each) if len(each) > 1 else each[0].unsqueeze(0)
