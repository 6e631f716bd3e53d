"""The recurrence behind `shortcut`: an LSTM over rows that branch off a shared one.

Step t of a batch has `counts[t]` rows. Row k is tweet k, tweets sorted by their first word; the
last row may stand for every tweet that has not begun, for all of them are still in the same
padding. Where the next step has more rows, the new ones continue from that last row. The steps lie
behind one another in one packed array, for what can be done on all rows at once.

Equations as in `nn.LSTM`, gates in its order (input, forget, cell, output). On a processor, `tanh`
costs six times as much as `sigmoid`, hence tanh(x) = 2 sigmoid(2x) - 1; within the loop the cell
state is kept doubled and the hidden state halved so that the factors vanish into the weights
(scaling by powers of two is exact).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.autograd.function import once_differentiable


class Trajectory(NamedTuple):
    """Everything the backward pass needs, packed; in true units.

    Attributes:
        gates: activations of the four gates, [rows, 4 hidden].
        hidden: hidden state *before* each row's step, then after the last, [rows + last, hidden].
        cell: laid out like `hidden`; `cell_tanh` is *after* each row's step, [rows, hidden].
    """

    gates: Tensor
    hidden: Tensor
    cell: Tensor
    cell_tanh: Tensor


def loop_weight(
    weight: Float[Tensor, "gates hidden"], products: torch.dtype
) -> Shaped[Tensor, "hidden gates"]:
    """Return recurrent weights for halved hidden states and a doubled cell gate.

    Transposed in memory: few rows are multiplied faster by it.
    """
    hidden_size = weight.shape[1]
    scaled = torch.empty_like(weight.t(), memory_format=torch.contiguous_format)
    torch.mul(weight.t(), 2, out=scaled)
    scaled[:, 2 * hidden_size : 3 * hidden_size] *= 2
    return scaled.to(products)


def add_product_(target: Tensor, rows: Tensor, weight: Tensor) -> None:
    """Add `rows @ weight` to `target`, multiplying in the weight's dtype."""
    if weight.dtype == target.dtype:
        target.addmm_(rows, weight)
    else:
        target.add_(torch.mm(rows.to(weight.dtype), weight))


def product(left: Tensor, right: Tensor, products: torch.dtype) -> Tensor:
    """Return `left @ right`, multiplied in `products`, in the dtype of `left`."""
    if products == left.dtype:
        return torch.mm(left, right)
    return torch.mm(left.to(products), right.to(products)).to(left.dtype)


def cell_step_(
    gates: Tensor, blocks: tuple[Tensor, ...], cell: Tensor, new_cell: Tensor, new_tanh: Tensor,
    half: Tensor,
) -> Tensor:  # fmt: skip
    """Do the elementwise part of one step in the loop's units; return the output gate.

    `gates` (sums before activation, the cell gate doubled) are overwritten by their sigmoids;
    `blocks` are views of them. Cell states are doubled; `new_tanh` gets half the new one's tanh.
    `half` is 0.5 as a tensor: a number would be made one at every call.
    """
    enter, forget, candidate, out = blocks
    gates.sigmoid_()
    candidate.sub_(half)
    torch.mul(forget, cell, out=new_cell)
    new_cell.addcmul_(enter, candidate, value=4)
    torch.sigmoid(new_cell, out=new_tanh)
    new_tanh.sub_(half)
    return out


def run_packed(
    gates: Float[Tensor, "rows gates"], weight: Float[Tensor, "gates hidden"],
    counts: Sequence[int], products: torch.dtype,
) -> Trajectory:  # fmt: skip
    """Run the recurrence from the zero state.

    Args:
        gates: input part of the gates (weights times input plus biases) of all rows; overwritten.
        weight: recurrent weights, as `nn.LSTM.weight_hh_l0`.
        counts: rows of each step, never falling; last the rows of the final state.
        products: dtype of the matrix products.
    """
    hidden_size = weight.shape[1]
    steps = list(counts[:-1])
    rows = gates.shape[0]
    recurrent = loop_weight(weight, products)
    blocks = gates.split(hidden_size, dim=1)
    blocks[2].mul_(2)
    hidden = gates.new_empty(rows + counts[-1], hidden_size)
    cell = torch.empty_like(hidden)
    cell_tanh = gates.new_empty(rows, hidden_size)

    step_gates = gates.split(steps)
    step_blocks = list(zip(*(block.split(steps) for block in blocks), strict=True))
    step_tanh = cell_tanh.split(steps)
    hiddens, cells = hidden.split(list(counts)), cell.split(list(counts))
    hiddens[0].zero_()
    cells[0].zero_()
    half = gates.new_full((), 0.5)
    for t, (now, after) in enumerate(pairwise(counts)):
        if t:
            add_product_(step_gates[t], hiddens[t], recurrent)
        next_hidden, next_cell = hiddens[t + 1], cells[t + 1]
        if after != now:
            next_hidden, next_cell = next_hidden[:now], next_cell[:now]
        out = cell_step_(step_gates[t], step_blocks[t], cells[t], next_cell, step_tanh[t], half)
        torch.mul(out, step_tanh[t], out=next_hidden)
        if after != now:
            hiddens[t + 1][now:] = next_hidden[now - 1]
            cells[t + 1][now:] = next_cell[now - 1]
    for halved in (blocks[2], cell_tanh, hidden):
        halved.mul_(2)
    cell.mul_(0.5)
    return Trajectory(gates, hidden, cell, cell_tanh)


def backward_packed(
    run: Trajectory, weight: Float[Tensor, "gates hidden"], counts: Sequence[int],
    products: torch.dtype, grad_last: Float[Tensor, "last hidden"],
) -> Float[Tensor, "rows gates"]:  # fmt: skip
    """Return the gradient of the gates' sums before activation, all rows."""
    hidden_size = weight.shape[1]
    steps = list(counts[:-1])
    rows = run.gates.shape[0]
    enter, forget, candidate, out = run.gates.split(hidden_size, dim=1)
    grad = torch.empty_like(run.gates)
    by_enter, by_forget, by_candidate, by_out = grad.split(hidden_size, dim=1)
    derivative = torch.ops.aten
    derivative.sigmoid_backward.grad_input(candidate, enter, grad_input=by_enter)
    derivative.sigmoid_backward.grad_input(run.cell[:rows], forget, grad_input=by_forget)
    derivative.tanh_backward.grad_input(enter, candidate, grad_input=by_candidate)
    derivative.sigmoid_backward.grad_input(run.cell_tanh, out, grad_input=by_out)
    by_hidden = derivative.tanh_backward(out, run.cell_tanh).split(steps)

    weight = weight.to(products)
    step_grad = grad.split(steps)
    through_cell = grad.view(rows, 4, hidden_size)[:, :3].split(steps)
    through_out, forgets = by_out.split(steps), forget.split(steps)
    grad_hidden, grad_cell = grad_last.clone(), torch.zeros_like(grad_last)
    for t in range(len(steps) - 1, -1, -1):
        now = steps[t]
        if counts[t + 1] != now:  # the branches' gradients meet in the row they came from
            for branch in (grad_hidden, grad_cell):
                branch[now - 1] = branch[now - 1 :].sum(0)
            grad_hidden, grad_cell = grad_hidden[:now], grad_cell[:now]
        grad_cell.addcmul_(grad_hidden, by_hidden[t])
        through_cell[t].mul_(grad_cell.unsqueeze(1))
        through_out[t].mul_(grad_hidden)
        if t:
            grad_hidden = product(step_grad[t], weight, products)
            grad_cell.mul_(forgets[t])
    return grad


class BranchingLSTM(torch.autograd.Function):
    """`run_packed` with a hand-written gradient, in half the time of autograd over the loop."""

    @staticmethod
    def forward(
        ctx: Any, gates: Tensor, weight: Tensor, counts: Sequence[int], products: torch.dtype
    ) -> Tensor:
        """Return the hidden states after the last step, [counts[-1], hidden]; `gates` is spent."""
        run = run_packed(gates, weight, counts, products)
        ctx.run, ctx.counts, ctx.products = run, counts, products
        ctx.save_for_backward(weight)
        return run.hidden[gates.shape[0] :].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_last: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Return the gradients of `gates` and of the recurrent weights."""
        (weight,) = ctx.saved_tensors
        grad_gates = backward_packed(ctx.run, weight, ctx.counts, ctx.products, grad_last)
        before = ctx.run.hidden[: grad_gates.shape[0]]
        grad_weight = product(grad_gates.t(), before, ctx.products)
        return grad_gates, grad_weight, None, None
