"""Which networks a seed of the study consists of, and how each is made."""

from __future__ import annotations

from dataclasses import dataclass

from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.memory.model import MemoryConfig
from hybridrep.studies.nback.memory.training import TrainingConfig
from hybridrep.studies.nback.names import SIMULATION, UNTRAINED
from hybridrep.studies.nback.tasks.task_code import TaskCode

_CALCULATIONS_A_SECOND = 4e10
"""Of one core, in training: 6 for each weight and frame."""


@dataclass(frozen=True)
class NetworkRecipe:
    """One network of a seed: all that decides what it is, but the seed and what it sees.

    Attributes:
        name: of the architecture in names: `gru`; of a further size `rnn-256`.
    """

    name: str
    architecture: str
    hidden: int
    diet: str
    n_back: tuple[int, ...]
    task_code: str
    front_end: str
    nonlinearity: str
    initial_state: str
    training: TrainingConfig

    @property
    def place(self) -> str:
        """How its results are named: `gru/mtmf`."""
        return f"{self.name}/{self.diet}"

    @property
    def label(self) -> str:
        """What people read, and what tells it from others that a sweep trains."""
        rate = self.training.learning_rate
        return f"{self.name} {self.diet}, {self.hidden} units, learning rate {rate!r}"

    @property
    def stream(self) -> tuple[str, ...]:
        """The path of its random streams, below the seed."""
        return (SIMULATION, self.name, self.diet)

    @property
    def code(self) -> TaskCode:
        """How it is told its task."""
        return TaskCode.over(self.task_code, self.n_back)  # type: ignore[arg-type]

    def network(self, channels: int, positions: int) -> MemoryConfig:
        """Return what the network is, for images of some size."""
        return MemoryConfig(
            self.architecture, self.hidden, channels, positions, self.code.units, self.front_end,
            self.nonlinearity, self.initial_state,
        )  # fmt: skip

    def seconds(self, components: int) -> float:
        """Return a first guess of the time that its training takes on one core."""
        training, gates = self.training, {"rnn": 1, "gru": 3, "lstm": 4}[self.architecture]
        weights = components * self.hidden + 2 * gates * self.hidden**2
        if self.front_end == "conv":  # 1,280 channels or more, at 49 places
            weights = 49 * (1_280 * self.hidden + self.hidden**2)
        share = 1.0 if self.diet == "mtmf" or not training.stop_at else 0.35
        frames = training.iterations * training.steps * training.batch
        return 6 * weights * frames * share / _CALCULATIONS_A_SECOND


def recipe(config: Config, architecture: str, diet: str, hidden: int = 0) -> NetworkRecipe:
    """Return how a configuration makes a network; of its architecture's main size for 0."""
    main = config.sizes_of(architecture)[0]
    size = hidden or main
    decay = config.decay_every * config.epoch_iterations
    training = TrainingConfig(
        iterations=0 if diet == UNTRAINED else config.iterations, batch=config.batch,
        learning_rate=config.rate_of(architecture), stop_at=config.stop_at, decay=config.decay,
        decay_iterations=decay, p_match=config.p_match, steps=config.steps,
    )  # fmt: skip
    return NetworkRecipe(
        name=architecture if size == main else f"{architecture}-{size}",
        architecture=architecture, hidden=size, diet=diet, n_back=config.n_back,
        task_code=config.task_code, front_end=config.front_end,
        nonlinearity=config.rnn_nonlinearity if architecture == "rnn" else "tanh",
        initial_state=config.initial_state, training=training,
    )  # fmt: skip


def recipes(config: Config) -> list[NetworkRecipe]:
    """Return every network of a seed: of each architecture its diets and an untrained one.

    Further sizes of an architecture, a control, are trained on `mtmf` alone.
    """
    found = []
    for architecture in config.architectures:
        main, *further = config.sizes_of(architecture)
        diets = (*config.diets_of(architecture), UNTRAINED)
        found += [recipe(config, architecture, diet) for diet in diets]
        found += [recipe(config, architecture, "mtmf", size) for size in further if size != main]
    return found
