"""Whether a GPU gives what the processor gives, and how long both take.

Run it as `python -m benchmarks.device`.

What trains in a study is trained on both, from the same streams: of the shapes of the paper's
study, for a few steps, after which rounding has not yet grown. Compared are all weights, by norm:
in float32 within `TOLERANCES`, and in float64 where the device has it. The times are of the second
training in float32; the first one loads the kernels.

Leaves with 0 where all agree, 1 where something does not, and 2 without such a device.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import click
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from hybridrep.errors import ParameterError
from hybridrep.execution.devices import check_device, other_device, stack_memory
from hybridrep.randomness import generator, torch_generator
from hybridrep.sources.words.tokens import TokenBatch
from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig, PlacedTokens, TaskLSTM
from hybridrep.studies.hybrid.task_specific.shortcut import Shortcut
from hybridrep.studies.hybrid.task_specific.training import train_lstm
from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig
from hybridrep.studies.hybrid.transfer.stacked import (
    BaselineData,
    ClassifierData,
    train_baselines,
    train_classifiers,
)
from hybridrep.studies.nback.memory.model import MemoryConfig
from hybridrep.studies.nback.memory.training import CHECKED, Learner, Seen, TrainingConfig
from hybridrep.studies.nback.memory.training import train_memory as train_nback
from hybridrep.studies.nback.names import SPLITS, tasks_of
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet
from hybridrep.studies.nback.tasks.task_code import TaskCode
from hybridrep.transforms.autoencoder import AutoencoderConfig, ModelData
from hybridrep.transforms.fused_networks import PairData, train_fused
from hybridrep.transforms.matching import Matching
from hybridrep.transforms.stacked import train_autoencoders

TOLERANCES = {torch.float32: 1e-3, torch.float64: 1e-9}
"""How far weights may be from the processor's, by norm, relative to these."""

Weights = dict[str, np.ndarray]


@dataclass(frozen=True)
class Sizes:
    """How much is trained; the defaults take a processor a minute."""

    models: int = 25
    items: int = 1_600
    wide: int = 768
    narrow: int = 300
    time_steps: int = 66
    words: int = 5_000
    hidden: int = 128


def lstm(sizes: Sizes, device: str, dtype: torch.dtype) -> Weights:
    """Train an LSTM by the exact shortcut, in float64 by the same steps."""
    rng = np.random.default_rng(0)
    lookup = rng.standard_normal((sizes.words, sizes.narrow), dtype=np.float32)
    lookup[:2] = 0
    items = sizes.items // 5
    lengths = rng.integers(3, max(4, sizes.time_steps // 2), items)
    ids = rng.integers(2, sizes.words, (items, sizes.time_steps))
    ids[np.arange(sizes.time_steps) < sizes.time_steps - lengths[:, None]] = 0
    labels = rng.integers(0, 6, items)
    config = LSTMConfig(sizes.narrow, sizes.time_steps, 6, sizes.narrow, epochs=1)
    init = torch.Generator().manual_seed(0)
    if dtype == torch.float32:
        held_out = TokenBatch(ids[:32], lengths[:32]), labels[:32]
        return train_lstm(
            config, lookup, TokenBatch(ids, lengths), labels, *held_out, *held_out, init=init,
            order=np.random.default_rng(0), device=device,
        ).state  # fmt: skip
    model = TaskLSTM(config, lookup, init).double().to(device)
    path, optimizer = Shortcut(model), torch.optim.Adam(model.parameters(), fused=True)
    place = torch.device(device)
    rows = np.split(np.arange(items), range(32, items, 32))
    for batch, some in zip(path.batches(PlacedTokens.on(place, ids), rows), rows, strict=True):
        right = torch.from_numpy(labels[some]).to(place)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(path.scores(batch), right).backward()
        optimizer.step()
    return {n: p.detach().cpu().numpy() for n, p in model.named_parameters()}


def autoencoders(sizes: Sizes, device: str, dtype: torch.dtype) -> Weights:
    """Train a stack of autoencoders that share their inputs."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((sizes.items, sizes.wide), dtype=np.float32)
    rows = rng.permutation(sizes.items)
    cut = sizes.items * 9 // 10
    models = [
        ModelData(
            inputs, rng.standard_normal((sizes.items, sizes.narrow), dtype=np.float32),
            rows[:cut], rows[cut:], torch_generator(seed, "init"), generator(seed, "order"),
        )
        for seed in range(sizes.models)
    ]  # fmt: skip
    config = AutoencoderConfig(sizes.wide, sizes.narrow, min(32, sizes.narrow), epochs=2)
    memory = stack_memory(device)
    found = train_autoencoders(config, models, device=device, dtype=dtype, memory=memory)
    return _named(result.final_state for result in found)


def classifiers(sizes: Sizes, device: str, dtype: torch.dtype) -> Weights:
    """Train classifiers on representations, and baselines on words."""
    rng = np.random.default_rng(0)
    labels, rows = rng.integers(0, 2, sizes.items), rng.permutation(sizes.items)
    train, test = rows[: sizes.items * 4 // 5], rows[sizes.items * 4 // 5 :]
    vectors = rng.standard_normal((sizes.items, sizes.wide), dtype=np.float32)
    ids = rng.integers(0, sizes.words, (sizes.items, sizes.time_steps))
    lookup = rng.standard_normal((sizes.words, sizes.narrow), dtype=np.float32)

    def rest(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, torch.Generator, object]:
        return labels, train, test, torch_generator(seed, "init"), generator(seed, "order")

    config, memory = ClassifierConfig(epochs=2), stack_memory(device)
    seeds = range(sizes.models)
    found = train_classifiers(
        config, [ClassifierData(vectors, *rest(seed)) for seed in seeds],
        device=device, dtype=dtype, memory=memory,
    )  # fmt: skip
    found += train_baselines(
        config, [BaselineData(ids, lookup, *rest(seed)) for seed in range(2)],
        embeddings=True, device=device, dtype=dtype, memory=memory,
    )  # fmt: skip
    return _named(result.state for result in found)


def fusions(sizes: Sizes, device: str, dtype: torch.dtype) -> Weights:
    """Train fusions by matched similarities."""
    rng = np.random.default_rng(0)
    first = rng.standard_normal((sizes.items, sizes.wide), dtype=np.float32)
    second = rng.standard_normal((sizes.items, sizes.narrow), dtype=np.float32)
    rows, cut = rng.permutation(sizes.items), sizes.items * 9 // 10
    models = [
        PairData(first, second, rows[:cut], rows[cut:], generator(seed, "fuse"))
        for seed in range(min(5, sizes.models))
    ]
    found = train_fused(
        Matching(min(32, sizes.narrow), epochs=1), models, (True, True), device=device,
        dtype=dtype, memory=stack_memory(device),
    )  # fmt: skip
    return _named(
        {f"{n}.{kind}": array for n, pair in enumerate(each.network.layers)
         for kind, array in zip(("weight", "bias"), pair, strict=True)}
        for each in found
    )  # fmt: skip


def nback(sizes: Sizes, device: str, dtype: torch.dtype) -> Weights:
    """Train one network of each architecture on trials of all tasks."""
    stimuli = StimulusSet.of(list("ab"), list("abcd"), [0, 0, 1, 1], [6] * 4)
    units = 2 * sizes.hidden
    images = np.random.default_rng(0).standard_normal((len(stimuli), 1, units), dtype=np.float32)
    seen = {name: Seen(stimuli, torch.from_numpy(images)) for name in SPLITS}
    found = []
    for architecture in ("rnn", "gru", "lstm"):
        checks = {name: generator(0, "checks", name) for name in CHECKED}
        learner = Learner(tasks_of((1, 2, 3)), torch_generator(0, "init"),
                          generator(0, "trials"), torch_generator(0, "states"), checks)  # fmt: skip
        (trained,) = train_nback(
            MemoryConfig(architecture, sizes.hidden, units), TrainingConfig(20, 128, stop_at=0.0),
            seen, [learner], TaskCode(), device=device, dtype=dtype,
        )  # fmt: skip
        found.append(trained.state)
    return _named(found)


def _named(states: Iterable[Mapping[str, np.ndarray]]) -> Weights:
    """Join the weights of several models under names of their own."""
    return {
        f"{number}.{name}": array
        for number, state in enumerate(states)
        for name, array in state.items()
    }


SUBJECTS: Mapping[str, Callable[[Sizes, str, torch.dtype], Weights]] = {
    "LSTM": lstm, "autoencoders": autoencoders, "classifiers": classifiers, "fusions": fusions,
    "N-back networks": nback,
}  # fmt: skip


def difference(found: Weights, wanted: Weights) -> float:
    """Return how far the worst of some weights are from those wanted, by norm, relative to them."""
    return max(
        float(np.linalg.norm(found[name] - value) / (np.linalg.norm(value) or 1.0))
        for name, value in wanted.items()
    )


def timed(
    train: Callable[[Sizes, str, torch.dtype], Weights], sizes: Sizes, device: str
) -> tuple[float, Weights]:
    """Return the seconds of a second training in float32, and its weights."""
    train(sizes, device, torch.float32)
    start = time.perf_counter()
    found = train(sizes, device, torch.float32)
    return time.perf_counter() - start, found


def compare(device: str, sizes: Sizes, console: Console) -> bool:
    """Train everything on both, print a table, and tell whether all agrees."""
    table = Table(title=f"{device} against the processor, {torch.get_num_threads()} threads")
    for heading in ("", "processor s", "device s", "float32 within", "float64 within", "agrees"):
        table.add_column(heading)
    agree = True
    for name, train in SUBJECTS.items():
        slow, wanted = timed(train, sizes, "cpu")
        fast, found = timed(train, sizes, device)
        off = {torch.float32: difference(found, wanted)}
        if torch.device(device).type != "mps":
            both = (train(sizes, place, torch.float64) for place in (device, "cpu"))
            off[torch.float64] = difference(*both)
        holds = all(value <= TOLERANCES[dtype] for dtype, value in off.items())
        agree &= holds
        double = off.get(torch.float64)
        table.add_row(
            name, f"{slow:.2f}", f"{fast:.2f}", f"{off[torch.float32]:.0e}",
            "-" if double is None else f"{double:.0e}", "yes" if holds else "NO",
        )  # fmt: skip
    console.print(table)
    return agree


@click.command()
@click.option("--device", default="", help="cuda, cuda:N or mps; without, the one that is found.")
def main(device: str) -> None:
    """Compare a device with the processor."""
    place = device or other_device()
    if not place:
        click.echo("PyTorch finds neither `cuda` nor `mps` on this machine: nothing was compared")
        sys.exit(2)
    try:
        check_device(place)
    except ParameterError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    sys.exit(0 if compare(place, Sizes(), Console()) else 1)


if __name__ == "__main__":
    main()
