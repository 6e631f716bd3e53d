"""Every fusion of a seed's two representations, and how much it carries of both.

One result a seed and fusion: what it is, as a file, and what was measured over its epochs. Those
that are trained do so for a group of seeds as one stack. The paper's bottlenecks stand beside
them, read off the autoencoders: nothing of them is trained again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hybridrep.execution.devices import stack_memory
from hybridrep.parameters import CPU
from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.fusion.measured import Measured, measured
from hybridrep.studies.hybrid.fusion.methods import METHODS, chosen_of
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import FUSED_SETS
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.seed_data import SeedData, data_nodes, seed_data
from hybridrep.studies.hybrid.transformation.stage import Variant

if TYPE_CHECKING:
    from hybridrep.transforms.fused_networks import PairData, TrainedFusion
    from hybridrep.transforms.transform import Transform

STAGE = Stage("fuse", module=__name__, noun="fusions")
FILE = "transform.safetensors"


@dataclass(frozen=True)
class Fusion:
    """One fusion as a study makes it.

    Attributes:
        method: one of `METHODS`.
        size: of the fused representation; 0 where what is read sets it.
        epochs: that it is trained; 0: in closed form.
        weight: of the task-specific side in what is rebuilt; None where nothing is.
        prefixes: sizes that its first units serve at by themselves, ascending.
    """

    method: str
    size: int
    epochs: int = 0
    weight: float | None = None
    prefixes: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """Method and size, as labels name them: `truncated_svd b32`."""
        return f"{self.method} b{self.size}" if self.size else self.method

    @property
    def sizes(self) -> tuple[int, ...]:
        """All sizes that it is measured at; 0 where what is read sets it."""
        return (*self.prefixes, self.size)

    @property
    def settings(self) -> dict[str, Any]:
        """What the transform is told."""
        given: dict[str, Any] = {"size": self.size} if self.size else {}
        given |= {"epochs": self.epochs} if self.epochs else {}
        given |= {} if self.weight is None else {"weight": self.weight}
        return given | ({"prefixes": self.prefixes} if self.prefixes else {})


def fusion_of(method: str, size: int, epochs: int, weight: float) -> Fusion:
    """Return a fusion of one size; a nested one has the doubling sizes below it, too."""
    known = METHODS[method]
    return Fusion(
        method, size if known.sized else 0, epochs if known.trained else 0,
        weight if known.weighted else None, _doubling(size) if known.nested else (),
    )  # fmt: skip


def fusions(study: Hybrid) -> list[Fusion]:
    """Return a study's fusions: at each bottleneck size, where they have one of their own.

    A nested one is trained once, at the largest, and serves at 8, 16, 32, ... and all others.
    """
    config, made = study.config, []
    for method in chosen_of(config.fusions):
        sizes = sorted(config.bottlenecks)
        if method.nested:
            prefixes = tuple(sorted({*_doubling(sizes[-1]), *sizes[:-1]}))
            weight = config.fusion_weight if method.weighted else None
            made.append(Fusion(method.name, sizes[-1], config.fusion_epochs, weight, prefixes))
            continue
        for size in config.bottlenecks if method.sized else (0,):
            made.append(fusion_of(method.name, size, config.fusion_epochs, config.fusion_weight))
    return made


def _doubling(size: int) -> tuple[int, ...]:
    """Return 8, 16, 32, ... below a size."""
    return tuple(8 * 2**n for n in range(size.bit_length()) if 8 * 2**n < size)


@declared_once
def node(study: Hybrid, fusion: Fusion, seed: int) -> Node:
    """Declare a seed's fusion; the trained ones of a method and size train as one stack."""
    inputs = study.inputs
    items, width = inputs.emotion.items, inputs.encoder.hidden_size + inputs.task_size
    if fusion.epochs and not METHODS[fusion.method].matched:  # without similarities every epoch
        sizes, epochs = (width, width), fusion.epochs
        seconds = transformation.training_seconds(sizes, fusion.size, epochs, items) * 2 / 3
    else:
        seconds = items * max(1, fusion.epochs) * width * 256 * 8 / 5e10
    return STAGE.node(
        train if fusion.epochs else fit, fusion, seed, inputs.config.items_per_emotion,
        **data_nodes(study, seed), name=fusion.place, seed=seed,
        stack=f"{fusion.place} {fusion.epochs}" if fusion.epochs else "", seconds=seconds,
        device=study.config.device if fusion.epochs else CPU,
        about={"seed": seed, "method": fusion.method, "b": fusion.size},
    )  # fmt: skip


@declared_once
def paper_node(study: Hybrid, variant: Variant, seed: int) -> Node:
    """Declare what the bottleneck of an autoencoder carries of both, up to the epoch used."""
    return STAGE.node(
        of_bottleneck, variant.direction, variant.bottleneck, study.config.half_epoch,
        autoencoder=transformation.node(study, variant, seed), name=variant.place, seed=seed,
        seconds=0.1, about={"seed": seed, "method": variant.direction, "b": variant.bottleneck},
    )  # fmt: skip


def nodes(study: Hybrid, seed: int) -> list[Node]:
    """Declare all fusions of a seed, and the paper's bottlenecks beside them; or nothing."""
    made = [node(study, fusion, seed) for fusion in fusions(study)]
    if not made:
        return []
    return [*(paper_node(study, each, seed) for each in transformation.variants(study)), *made]


def fit(read: Reader, fusion: Fusion, seed: int, per_emotion: int) -> Made:
    """Make a fusion in closed form on the autoencoder's training tweets, and measure it."""
    from hybridrep.transforms.methods import TRANSFORMS

    data = seed_data(read, seed, per_emotion)
    both, train_rows = data.sides("bert_to_lstm"), data.rows.autoencoder_train
    kind = cast("Any", TRANSFORMS[fusion.method])  # whose settings differ from kind to kind
    first, second = (side[train_rows] for side in both)
    transform: Transform = kind.fit(first, second, _stream(seed, fusion), **fusion.settings)
    found = Measured([data])
    for name, rows in found.items(0).items():
        fused = transform.apply(*(side[rows] for side in both))
        found.record(0, name, 0, fused, [(fusion.size, fused.shape[1])])
    return Made(files={FILE: transform.to_bytes()}, tables={"fusion": found.tables()[0]})


def train(stack: Sequence[tuple[Reader, Fusion, int, int]]) -> Iterator[Made]:
    """Train one fusion for a group of seeds, and measure it before training and every epoch."""
    from hybridrep.transforms.fused_networks import train_fused
    from hybridrep.transforms.methods import TRANSFORMS

    data = [seed_data(read, seed, per_emotion) for read, _, seed, per_emotion in stack]
    fusion, device = stack[0][1], stack[0][0].device
    kind = cast("type[TrainedFusion]", TRANSFORMS[fusion.method])
    found = Measured(data)
    widths = [(size, size) for size in fusion.sizes]

    def measure(
        epoch: int, models: Sequence[int], fuse: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        for name in found.items(models[0]):
            fused = fuse(np.stack([found.items(model)[name] for model in models]))
            for model, mine in zip(models, fused, strict=True):
                found.record(model, name, epoch, mine, widths)

    trained = train_fused(
        kind.objective(**fusion.settings), [_pairs(mine, fusion) for mine in data], kind.reads,
        on_epoch=measure, device=device, memory=stack_memory(device),
    )  # fmt: skip
    for fused, table in zip(trained, found.tables(), strict=True):
        yield Made(files={FILE: kind(fused).to_bytes()}, tables={"fusion": table})


def _pairs(data: SeedData, fusion: Fusion) -> PairData:
    from hybridrep.transforms.fused_networks import PairData

    return PairData(
        *data.sides("bert_to_lstm"), data.rows.autoencoder_train, data.rows.autoencoder_test,
        _stream(data.seed, fusion),
    )  # fmt: skip


def _stream(seed: int, fusion: Fusion) -> np.random.Generator:
    return generator(seed, "fuse", fusion.method, fusion.size)


def of_bottleneck(read: Reader, direction: str, bottleneck: int, half_epoch: int) -> Made:
    """Read what a bottleneck carries of both off its autoencoder's correlations."""
    rsa = read["autoencoder"].table("rsa")
    rsa = rsa[rsa["item_set"].isin(FUSED_SETS)]
    wide = rsa[rsa["epoch"] <= half_epoch].pivot(
        index=["item_set", "epoch"], columns="pair", values="value"
    )
    names = ("input", "target") if direction == "bert_to_lstm" else ("target", "input")
    points = wide.reset_index().rename(
        columns={
            f"bottleneck_vs_{names[0]}": "vs_global",
            f"bottleneck_vs_{names[1]}": "vs_task_specific", "input_vs_target": "between",
        }
    )  # fmt: skip
    return Made(tables={"fusion": measured(points.assign(bottleneck=bottleneck))})


def read_transform(read: Reader, key: str) -> Transform:
    """Return the fusion that a result holds."""
    from hybridrep.transforms.methods import load_transform

    return load_transform(read.store.open(key).file(FILE))
