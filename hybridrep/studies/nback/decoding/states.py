"""The trials that analyses read, and a trained network's states on them.

All show the frames of `val_angle`, which no network was trained on. For every task there are two
sets: `independent`, matches as frequent as chance, so that the labels of all frames are independent
and uniform; and `paper`, matches in half of the frames with a response. Each set has parts of its
own: one to fit decoders on, one to test them on, and one to choose their penalty by. Decoders are
tested on other views of the objects than they were fitted on, unless `decode_views` is `shared`.

States are computed when they are read: a network answers all its trials in seconds, and they would
fill the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int

from hybridrep.randomness import generator, torch_generator
from hybridrep.studies.nback.features import stage as features
from hybridrep.studies.nback.memory import front_end
from hybridrep.studies.nback.memory import stage as memory
from hybridrep.studies.nback.memory.model import Hidden, MemoryConfig, MemoryStack
from hybridrep.studies.nback.memory.training import CHUNK, Batch
from hybridrep.studies.nback.names import SIMULATION, SPLITS, UNTRAINED, NBackTask, tasks_in_diet
from hybridrep.studies.nback.tasks.trials import MATCH_SHARES, AnalysisSet, Trials, trials

if TYPE_CHECKING:
    from hybridrep.running.stage import Reader
    from hybridrep.studies.nback.config import Config
    from hybridrep.studies.nback.inputs import NBack, Objects
    from hybridrep.studies.nback.memory.networks import NetworkRecipe
    from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet

Part = Literal["fit", "test", "choose"]

VIEWS_OF: dict[Part, int] = {"fit": 0, "test": 1, "choose": 0}
"""The half of the objects' views that each part shows, if halves are disjoint."""

SPLIT = SPLITS[1]
"""Whose frames all of them show."""


@dataclass(frozen=True)
class Analysis:
    """What trials are analysed.

    Attributes:
        trials: of each task, set and part.
        views: `disjoint`, tested on other views than fitted on, or `shared`.
        analysed: `all` trials, or those that are `correct` at every frame, equally many a task.
        steps: frames of a trial.
    """

    trials: int
    views: str = "disjoint"
    analysed: str = "all"
    steps: int = 6


def analysis_of(config: Config) -> Analysis:
    """Return what trials a study analyses."""
    return Analysis(
        config.analysis_trials, config.decode_views, config.analysed_trials, config.steps
    )


@dataclass(frozen=True, eq=False)
class TaskStates:
    """Trials of every task of a network, and its states on them.

    Attributes:
        tasks: in the order of the first axis of all arrays.
        trials: of each task, equally many.
        h: what the recurrent layer gives on.
        c: the cell of an LSTM; None of others.
        responses: what it answers.
        kept: share of the drawn trials that are analysed.
    """

    tasks: tuple[NBackTask, ...]
    trials: tuple[Trials, ...]
    h: Float32[np.ndarray, "tasks trials steps units"]
    c: Float32[np.ndarray, "tasks trials steps units"] | None
    responses: Int[np.ndarray, "tasks trials steps"]
    kept: float = 1.0

    @property
    def labels(self) -> Int[np.ndarray, "tasks trials steps 3"]:
        """The values of all features, in the order of `names.FEATURES`."""
        return np.stack([each.labels for each in self.trials])

    @property
    def correct(self) -> Bool[np.ndarray, "tasks trials steps"]:
        """Whether each answer is right."""
        return self.responses == np.stack([each.response for each in self.trials])

    def of(self, space: str) -> Float32[np.ndarray, "tasks trials steps units"]:
        """Return the states of a space: `c`, or of `h` and `z`, whose units decoders scale, h."""
        if space != "c":
            return self.h
        assert self.c is not None
        return self.c


def state_needs(study: NBack, recipe: NetworkRecipe, seed: int) -> dict[str, Any]:
    """Declare what `analysed_network` reads: the network, and the frames as it takes them."""
    needs: dict[str, Any] = {"network": memory.node(study, recipe, seed)}
    if recipe.front_end == "pca":
        return {**needs, "components": front_end.node(study)}
    return {**needs, "maps": features.nodes(study, SPLIT)}


@runtime_checkable
class HasStates(Protocol):
    """What has states on trials of some tasks: a network, or one that a test plants."""

    @property
    def tasks(self) -> tuple[NBackTask, ...]:
        """In the order of the first axis of all states."""

    @property
    def stimuli(self) -> StimulusSet:
        """What the trials show."""

    def states(self, which: AnalysisSet, part: Part) -> TaskStates:
        """Return the states on a part of a set, the same at every call."""


@dataclass(frozen=True, eq=False)
class AnalysedNetwork:
    """A trained network with the frames and the streams that its analyses read.

    Attributes:
        stack: the network, as a stack of one.
        images: the distinct frames, [images, positions, channels].
    """

    recipe: NetworkRecipe
    seed: int
    analysis: Analysis
    config: MemoryConfig
    stack: MemoryStack
    images: torch.Tensor
    stimuli: StimulusSet

    @property
    def tasks(self) -> tuple[NBackTask, ...]:
        """The tasks that it was trained on; of the untrained all."""
        return tasks_in_diet(self.recipe.diet, self.recipe.n_back)

    def draw(self, which: AnalysisSet, part: Part, task: NBackTask) -> Trials:
        """Draw the trials of a task; the same ones at every call."""
        stimuli = self.stimuli
        if self.analysis.views == "disjoint":
            stimuli = stimuli.with_views(VIEWS_OF[part])
        return trials(
            self.analysis.trials, [task], stimuli, MATCH_SHARES[which],
            generator(self.seed, *self._path(which, part, task), simulation=SIMULATION),
            steps=self.analysis.steps, code=self.recipe.code,
        )  # fmt: skip

    def states(self, which: AnalysisSet, part: Part) -> TaskStates:
        """Compute the states of all tasks on a part of a set."""
        drawn = [self.draw(which, part, task) for task in self.tasks]
        found = [self._run(each, self._path(which, part, each.tasks[0])) for each in drawn]
        every = TaskStates(
            self.tasks, tuple(drawn), np.stack([h for h, _, _ in found]),
            None if found[0][1] is None else np.stack([c for _, c, _ in found if c is not None]),
            np.stack([responses for _, _, responses in found]),
        )  # fmt: skip
        # the untrained network is right by chance alone: there is nothing to choose by
        if self.analysis.analysed == "all" or self.recipe.diet == UNTRAINED:
            return every
        return correct_alone(every)

    def _path(self, which: AnalysisSet, part: Part, task: NBackTask) -> tuple[str, ...]:
        return (*self.recipe.stream, "analysis", which, part, task.name)

    def hidden(
        self, image_part: torch.Tensor, shown: torch.Tensor, codes: torch.Tensor,
        first: torch.Generator,
    ) -> Hidden:  # fmt: skip
        """Run the network on trials.

        Args:
            image_part: what `stack.image_part` makes of the images.
            shown: which image at every frame, [1, frames, trials].
            codes: of the tasks, [1, trials, code].
            first: draws the states before the first frame, where they are drawn.
        """
        frames = self.stack.frames(image_part, shown, codes)
        begin: Hidden | None = None
        if self.recipe.initial_state == "kaiming":
            begin = self.stack.kaiming_state(frames.shape[2], [first])
        return self.stack.recur(frames, begin)

    @torch.inference_mode()
    def _run(
        self, drawn: Trials, path: tuple[str, ...]
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
        """Return h, c and the answers, [trials, frames, ...]."""
        batch = Batch.of([drawn], self.stack)
        image_part = self.stack.image_part(self.images)
        first = torch_generator(self.seed, *path, "states", simulation=SIMULATION)
        outputs, cells, answers = [], [], []
        for start in range(0, len(drawn), CHUNK):
            chunk = slice(start, start + CHUNK)
            hidden = self.hidden(image_part, batch.shown[:, :, chunk], batch.codes[:, chunk], first)
            outputs.append(hidden.output[0])
            answers.append(self.stack.answers(hidden.output)[0].argmax(-1))
            if hidden.cell is not None:
                cells.append(hidden.cell[0])
        return (
            _trials_first(outputs), _trials_first(cells) if cells else None, _trials_first(answers)
        )  # fmt: skip


def _trials_first(parts: list[torch.Tensor]) -> np.ndarray:
    whole: np.ndarray = torch.cat(parts, dim=1).transpose(0, 1).contiguous().cpu().numpy()
    return whole


def correct_alone(states: TaskStates) -> TaskStates:
    """Return the trials that are right at every frame, of each task as many as of the worst."""
    right = np.asarray(states.correct.all(axis=2))
    count = int(right.sum(axis=1).min())
    rows = np.stack([np.flatnonzero(each)[:count] for each in right]).astype(np.int64)
    of = np.arange(len(rows))[:, None]
    return TaskStates(
        states.tasks,
        tuple(some_of(each, own) for each, own in zip(states.trials, rows, strict=True)),
        states.h[of, rows], None if states.c is None else states.c[of, rows],
        states.responses[of, rows], count / max(right.shape[1], 1),
    )  # fmt: skip


def some_of(drawn: Trials, rows: Int[np.ndarray, " some"]) -> Trials:
    """Return some trials of many."""
    own = {
        name: getattr(drawn, name)[rows]
        for name in (
            "task", "n", "feature", "location", "identity", "category", "view", "image", "response",
            "task_code",
        )
    }  # fmt: skip
    return Trials(tasks=drawn.tasks, values=drawn.values, **own)


def analysed_network(
    read: Reader, recipe: NetworkRecipe, objects: tuple[Objects, ...], seed: int,
    analysis: Analysis,
) -> AnalysedNetwork:  # fmt: skip
    """Open a network for its analyses.

    Args:
        read: what `state_needs` declared.
        recipe: which network; `seed`: of which simulation.
        objects: of all splits (`Stimuli.objects`).
        analysis: what trials are analysed.
    """
    config, stack = memory.read_network(read["network"], recipe)
    if recipe.front_end == "pca":
        shown = read["components"].arrays("components")[SPLIT]
        images = torch.from_numpy(shown).unsqueeze(1)
    else:
        maps = features.read_features(read.store, read.keys["maps"])
        images = torch.tensor(maps).flatten(2).transpose(1, 2).contiguous()
    stimuli = objects[SPLITS.index(SPLIT)].labels
    return AnalysedNetwork(recipe, seed, analysis, config, stack, images, stimuli)
