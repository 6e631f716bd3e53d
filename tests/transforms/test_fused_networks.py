"""Trained fusions: gradients by autograd, stacks against a plain PyTorch loop, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from hybridrep.errors import ExecutionError, ParameterError
from hybridrep.networks.network import Shape
from hybridrep.testing.plain_network import plain_network
from hybridrep.testing.pretended_device import pretended_device
from hybridrep.transforms.fused_networks import PairData, even_batches, train_fused
from hybridrep.transforms.heads import Heads, MatryoshkaJoint
from hybridrep.transforms.matching import Matching, MatryoshkaMatched, _match, _SimilarityLoss

pytestmark = pytest.mark.usefixtures("one_thread")
BOTH = (True, True)


def pair_data(seed: int, items: int = 150) -> PairData:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(items, 9)) + 0.5
    second = np.tanh(first[:, :2] @ rng.normal(size=(2, 5))) + 0.3 * rng.normal(size=(items, 5))
    rows = rng.permutation(items)
    return PairData(first, second, np.sort(rows[20:]), np.sort(rows[:20]), rng)


def pearson(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """r of the cosines of all pairs of rows, by the textbook."""
    places = torch.tril_indices(len(one), len(one), -1)
    found = []
    for rows in (one, other):
        unit = rows / rows.norm(dim=1, keepdim=True)
        found.append((unit @ unit.T)[places[0], places[1]])
    return torch.corrcoef(torch.stack(found))[0, 1]


def matching_loss(output, first, second):
    r_first, r_second = pearson(output, first), pearson(output, second)
    return -(r_first + r_second) / 2 + (r_first - r_second) ** 2 / 2


class Given:
    """The same rows of every model at every step."""

    trainable = False

    def __init__(self, rows):
        self.rows = rows

    def plan(self, plan):
        """Nothing to prepare."""

    def fill(self, step, out):
        out.copy_(self.rows)

    def learn(self, step, gradient):
        """Nothing to learn."""


def test_the_gradient_of_similarities_is_autograds():
    generator = torch.Generator().manual_seed(0)
    output, first, second = (
        torch.randn(3, 12, width, dtype=torch.float64, generator=generator) for width in (4, 7, 5)
    )
    output.requires_grad_()
    expected = torch.stack(
        [matching_loss(*rows) for rows in zip(output, first, second, strict=True)]
    )
    expected.sum().backward()

    loss = _SimilarityLoss([Given(first), Given(second)], [7, 5], [4], torch.float64)
    error = torch.empty_like(output)
    with torch.no_grad():
        measured = loss.measure(0, output.detach(), 12, error)
    torch.testing.assert_close(measured, 12 * expected.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(error, 12 * output.grad, rtol=1e-9, atol=1e-12)


def test_equal_items_and_zero_rows_give_no_infinite_gradient():
    rows = torch.ones(1, 6, 3, dtype=torch.float64)
    rows[0, 0] = 0
    loss, gradient = _match(rows, torch.zeros(1, 6, 6).double(), torch.zeros(1, 6, 6).double())
    assert torch.isfinite(loss).all()
    assert torch.isfinite(gradient).all()


def plain(objective: Heads | Matching, data: PairData) -> tuple[list[float], nn.Sequential]:
    """Train one fusion as anyone would: modules, autograd and torch.optim.Adam, in float64."""
    sides = []
    for side in (data.first, data.second):
        centred = side - side[data.train].mean(axis=0)
        spread = np.sqrt((centred[data.train] ** 2).sum(axis=1).mean())
        sides.append(torch.from_numpy(centred / spread))
    both = torch.cat(sides, dim=1)
    shape = objective.shape(both.shape[1], both.shape[1])
    model = plain_network(shape, data.rng).double()
    adam = torch.optim.Adam(model.parameters(), objective.learning_rate)
    curve = []
    size = even_batches(len(data.train), objective.batch_size)
    for _ in range(objective.epochs):
        order = data.train[data.rng.permutation(len(data.train))]
        total = 0.0
        for start in range(0, len(order), size):
            rows = torch.from_numpy(order[start : start + size])
            output = forward(model, shape, both[rows])
            if isinstance(objective, Heads):
                lost = [
                    ((out - side[rows]) ** 2).sum(1).mean()
                    for out, side in zip(output.split([9, 5], dim=1), sides, strict=True)
                ]
                loss = (1 - objective.weight) * lost[0] + objective.weight * lost[1]
            else:
                widths = sorted({*objective.prefixes, objective.size})
                raw = [torch.from_numpy(side)[rows] for side in (data.first, data.second)]
                loss = sum(matching_loss(output[:, :w], *raw) for w in widths) / len(widths)
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(rows)
        curve.append(total / len(order))
    return curve, model


def forward(model: nn.Sequential, shape: Shape, rows: torch.Tensor) -> torch.Tensor:
    """Apply a network; where a layer is nested, row i keeps the first widths[i % ...] units."""
    layer = 0
    for module in model:
        rows = module(rows)
        layer += isinstance(module, nn.Linear)
        if shape.nested and layer == shape.nested.layer and isinstance(module, nn.Linear):
            widths = shape.nested.widths
            kept = [[k < widths[i % len(widths)] for k in range(rows.shape[1])]
                    for i in range(len(rows))]  # fmt: skip
            rows = rows * torch.tensor(kept)
    return rows


@pytest.mark.parametrize(
    "objective",
    [
        Heads(3, weight=0.3, epochs=3, batch_size=40),
        Heads(4, epochs=2, batch_size=40, prefixes=(1, 2)),
        Matching(4, hidden=20, epochs=3, batch_size=50),
        Matching(4, hidden=20, epochs=2, batch_size=50, prefixes=(2,)),
    ],
    ids=["heads", "nested heads", "matching", "matryoshka"],
)
def test_a_stack_of_fusions_is_a_plain_loop_over_each(objective):
    stacked = train_fused(
        objective, [pair_data(seed) for seed in range(3)], BOTH, dtype=torch.float64
    )
    for seed, fused in enumerate(stacked):
        curve, model = plain(objective, data := pair_data(seed))
        np.testing.assert_allclose(fused.network.curves["train_loss"], curve, rtol=1e-10)
        linear = [layer for layer in model if isinstance(layer, nn.Linear)]
        for (weight, bias), layer in zip(fused.network.layers, linear, strict=False):
            np.testing.assert_allclose(weight, layer.weight.detach().T, atol=1e-10)
            np.testing.assert_allclose(bias, layer.bias.detach(), atol=1e-10)
        assert fused.apply(data.first, data.second).shape == (150, objective.size)


def test_no_bit_depends_on_the_models_beside_it():
    objective = Matching(4, hidden=20, epochs=2, batch_size=50)
    together = train_fused(objective, [pair_data(seed) for seed in range(3)], BOTH)
    alone = [train_fused(objective, [pair_data(seed)], BOTH)[0] for seed in range(3)]
    for one, other in zip(together, alone, strict=True):
        for ours, theirs in zip(one.network.layers, other.network.layers, strict=True):
            np.testing.assert_array_equal(ours[0], theirs[0])


def test_matching_carries_more_of_both_than_rebuilding_does():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(900, 40)), rng.normal(size=(900, 12))
    rows = np.arange(900)

    def carried(objective):
        data = PairData(first, second, rows[:600], rows[600:], np.random.default_rng(1))
        (fused,) = train_fused(objective, [data], BOTH)
        made = torch.from_numpy(fused.apply(first, second)[600:]).double()
        return min(float(pearson(made, torch.from_numpy(side[600:]))) for side in (first, second))

    matched, rebuilt = (
        carried(Matching(24, epochs=40, batch_size=200)),
        carried(Heads(24, epochs=40)),
    )
    assert matched > rebuilt + 0.05


def test_every_epoch_can_be_looked_at_and_that_changes_nothing():
    objective = Heads(3, epochs=2, batch_size=50, prefixes=(1,))
    items = np.arange(30)
    seen: dict[int, dict[int, np.ndarray]] = {}

    def look(epoch, models, fuse):
        for model, fused in zip(models, fuse(np.stack([items for _ in models])), strict=True):
            seen.setdefault(model, {})[epoch] = fused

    watched = train_fused(objective, map_data(range(3)), BOTH, on_epoch=look, block=2)
    for seed, (fused, unwatched) in enumerate(
        zip(watched, train_fused(objective, map_data(range(3)), BOTH, block=2), strict=True)
    ):
        for ours, theirs in zip(fused.network.layers, unwatched.network.layers, strict=True):
            np.testing.assert_array_equal(ours[0], theirs[0])
        data = pair_data(seed)
        assert list(seen[seed]) == [0, 1, 2]
        last = fused.apply(data.first[items], data.second[items])
        np.testing.assert_allclose(seen[seed][2], last, atol=1e-5)
        assert np.abs(seen[seed][0] - last).max() > 1e-3


def map_data(seeds: range) -> list[PairData]:
    return [pair_data(seed) for seed in seeds]


def test_batches_are_even_and_prefixes_double():
    assert even_batches(513, 512) == 257
    for method in (MatryoshkaMatched, MatryoshkaJoint):
        assert method.objective(32).prefixes == (8, 16)
        assert method.objective(8).prefixes == ()
        assert method.objective(24, prefixes=(4,)).prefixes == (4,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Heads(3, weight=1.5), "weight must be from 0 to 1, got 1.5"),
        (lambda: Heads(0), "size"),
        (lambda: Matching(4, prefixes=(8,)), "a prefix must be at most 4, got 8"),
        (lambda: train_fused(Heads(99), [pair_data(0)], BOTH), "size must be at most 14, got 99"),
        (lambda: train_fused(Heads(3), [pair_data(0, items=60)], BOTH), "at least 64 training it"),
    ],
)
def test_what_cannot_be_trained_is_refused(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


@pytest.mark.parametrize("reads", [BOTH, (True, False)])
@pytest.mark.parametrize("objective", [Heads(4, epochs=2, prefixes=(2,)), Matching(4, epochs=2)])
def test_on_a_device_nothing_is_left_elsewhere_and_numbers_are_the_processors(objective, reads):
    found = {}
    with pretended_device() as device:
        for place in ("cpu", device.name):
            seen = []
            fused = train_fused(
                objective, [pair_data(seed) for seed in range(3)], reads, device=place,
                on_epoch=lambda _, part, fuse, seen=seen: seen.append(
                    fuse(np.tile(np.arange(9), (len(part), 1)))
                ),
            )  # fmt: skip
            found[place] = [each for one in fused for pair in one.network.layers for each in pair]
            found[place] += [*seen, *(one.network.curves.to_numpy() for one in fused)]
    assert all(map(np.array_equal, found["cpu"], found[device.name]))
    assert device.moved.count(150 * 9) == device.moved.count(150 * 5) == 3  # once, read twice


def test_a_device_too_small_for_one_is_refused():
    with pytest.raises(ExecutionError, match="one model and its data need 0"):
        train_fused(Heads(4), [pair_data(0)], BOTH, device="meta", memory=100)
