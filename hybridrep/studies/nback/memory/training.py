"""Training on trials that are drawn as it goes, stopped early, measured on every split.

Cross-entropy over all frames of a trial, unweighted, by AdamW (weight decay 0.01, PyTorch's
default, on every parameter), no clipping: section 3 of the paper. Each batch is drawn anew from the
network's own stream. Every `CHECK_EVERY` iterations each network is measured on fresh trials of
every split, on some of them on the way and on all at its end; it stops when its response accuracy
on all trials of a *selection* stream of new view angles has reached `stop_at` twice in a row.
Networks that are trained as one stack stop one by one, and each learns what it would learn alone;
only sums are rounded in another order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from hybridrep.errors import ExecutionError
from hybridrep.networks.checks import check_positive, check_whole
from hybridrep.studies.nback.memory.model import Hidden, MemoryConfig, MemoryStack, initial_state
from hybridrep.studies.nback.names import CHECKED, NO_ACTION, SELECTION, SPLITS
from hybridrep.studies.nback.tasks.trials import Trials, trials

if TYPE_CHECKING:
    from hybridrep.studies.nback.names import NBackTask
    from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet
    from hybridrep.studies.nback.tasks.task_code import TaskCode

CHECK_EVERY = 100
"""Iterations between two measurements."""
CHECK_TRIALS = 2_000
"""Trials of each split that a network is measured on at its end, and of selection at any time."""
ON_THE_WAY = 500
"""Of these, the first, that its curves show before: what no choice looks at."""
CHUNK = 500
"""Trials that are measured at once."""
WEIGHT_DECAY = 0.01


@dataclass(frozen=True)
class TrainingConfig:
    """How networks are trained. Every bad value is refused here.

    Attributes:
        iterations: batches at most; 0 leaves networks as they were drawn.
        batch: trials of a batch.
        learning_rate: of AdamW.
        stop_at: response accuracy on the selection trials that ends training; 0: never.
        decay: factor of the learning rate, at 80% of the iterations or every `decay_iterations`.
        decay_iterations: iterations between two decays; 0: one decay, at 80%.
        p_match: probability of a match at a frame with a response.
        steps: frames of a trial.
    """

    iterations: int
    batch: int = 128
    learning_rate: float = 1e-3
    stop_at: float = 0.98
    decay: float = 0.1
    decay_iterations: int = 0
    p_match: float = 0.5
    steps: int = 6

    def __post_init__(self) -> None:
        check_whole("training", "iterations", self.iterations, least=0)
        check_whole("training", "decay_iterations", self.decay_iterations, least=0)
        for name in ("batch", "steps"):
            check_whole("training", name, getattr(self, name))
        check_positive("training", "learning_rate", self.learning_rate)

    def rate_at(self, iteration: int) -> float:
        """Return the learning rate of an iteration, the first being 0.

        Examples:
            >>> config = TrainingConfig(100, learning_rate=0.5, decay=0.5)
            >>> config.rate_at(79), config.rate_at(80)
            (0.5, 0.25)
            >>> TrainingConfig(100, learning_rate=8.0, decay=0.5, decay_iterations=30).rate_at(90)
            1.0
        """
        if self.decay_iterations:
            decays = iteration // self.decay_iterations
        else:
            decays = int(iteration >= 0.8 * self.iterations)
        return self.learning_rate * self.decay**decays


@dataclass(frozen=True, eq=False)
class Seen:
    """One split as networks see it.

    Attributes:
        stimuli: what each of its distinct frames shows.
        images: their maps [images, positions, channels], or components [images, 1, components].
    """

    stimuli: StimulusSet
    images: Tensor


@dataclass(frozen=True, eq=False)
class Learner:
    """What a network is trained on, and its own randomness, which is moved on.

    Attributes:
        tasks: the tasks of its diet.
        init: draws its parameters.
        trials: draws its batches.
        states: draws its initial states, where these are drawn.
        checks: of each of `CHECKED`, draws the trials that it is measured on.
    """

    tasks: Sequence[NBackTask]
    init: torch.Generator
    trials: np.random.Generator
    states: torch.Generator
    checks: Mapping[str, np.random.Generator]


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network.

    Attributes:
        state: its parameters.
        iterations: how many batches it was trained on.
        curves: one row a measurement: `iteration` (0 = before training), `split` (of `CHECKED`),
            `accuracy` over all frames and `response_accuracy` over those with a response.
        losses: `iteration`, `train_loss`: mean over the batches since the row before.
        by_task: of the end, `split`, `task`, `trials`, `accuracy`, `response_accuracy`.
    """

    state: dict[str, np.ndarray]
    iterations: int
    curves: pd.DataFrame
    losses: pd.DataFrame
    by_task: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Batch:
    """Trials of a stack of networks, as these take them.

    Attributes:
        shown: image of each frame, int64 [models, frames, trials].
        codes: [models, trials, units].
        right: the right responses, int64 [models, frames, trials].
    """

    shown: Tensor
    codes: Tensor
    right: Tensor

    @classmethod
    def of(cls, drawn: Sequence[Trials], stack: MemoryStack) -> Batch:
        """Lay out equally many trials of each network of a stack."""
        shown = np.stack([each.image.T for each in drawn])
        right = np.stack([each.response.T for each in drawn])
        codes = np.stack([each.task_code for each in drawn])
        return cls(
            torch.from_numpy(shown).to(stack.device, torch.int64),
            torch.from_numpy(codes).to(stack.device, stack.dtype),
            torch.from_numpy(right).to(stack.device, torch.int64),
        )


def scores_of(
    stack: MemoryStack, images: Tensor, batch: Batch, start: Hidden | None = None
) -> Tensor:
    """Return the scores of the responses, [models, frames, trials, 3].

    The image part is computed once for every distinct image that the batch may show.
    """
    shown = batch.shown
    if len(images) > shown[0].numel():
        distinct, shown = torch.unique(shown, return_inverse=True)
        images = images[distinct]
    frames = stack.frames(stack.image_part(images), shown, batch.codes)
    return stack.answers(stack.recur(frames, start).output)


def train_memory(
    config: MemoryConfig, training: TrainingConfig, splits: Mapping[str, Seen],
    learners: Sequence[Learner], code: TaskCode, *, device: str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> list[Trained]:  # fmt: skip
    """Train networks of one shape as one stack, each on its own trials.

    Args:
        config: what each network is.
        training: how each is trained.
        splits: what they see, by the names of `SPLITS`.
        learners: what each is trained on.
        code: how tasks are told.

    Raises:
        ExecutionError: a loss is not finite any more.
    """
    states = [initial_state(config, learner.init) for learner in learners]
    seen = {name: Seen(s.stimuli, s.images.to(device, dtype)) for name, s in splits.items()}
    stack = MemoryStack(
        config, [{n: v.to(device) for n, v in state.items()} for state in states], dtype,
        trainable=True,
    )  # fmt: skip
    return _Course(config, training, seen, learners, code, stack).run()


@dataclass
class _Record:
    """What is written down of one network."""

    curves: list[tuple[int, str, float, float]] = field(default_factory=list)
    losses: list[tuple[int, float]] = field(default_factory=list)
    reached: int = 0  # how often in a row its selection trials were good enough


class _Course:
    """One training of a stack, from which networks leave when they are done."""

    def __init__(
        self, config: MemoryConfig, training: TrainingConfig, seen: Mapping[str, Seen],
        learners: Sequence[Learner], code: TaskCode, stack: MemoryStack,
    ) -> None:  # fmt: skip
        self._config, self._training, self._code = config, training, code
        self._seen = {**seen, SELECTION: seen["val_angle"]}
        self._learners, self._stack = learners, stack
        apple = stack.device.type == "mps"  # which has no double precision
        self._sums = torch.float32 if apple else torch.float64
        self._alive = list(range(len(learners)))
        self._checks = {
            name: [self._drawn(name, each.checks[name], each, CHECK_TRIALS) for each in learners]
            for name in CHECKED
        }
        self._records = [_Record() for _ in learners]
        self._done: dict[int, Trained] = {}
        self._optimiser = torch.optim.AdamW(
            [*stack.parameters.values()], lr=training.learning_rate, weight_decay=WEIGHT_DECAY,
            fused=True,
        )  # fmt: skip

    def run(self) -> list[Trained]:
        """Train until every network is done."""
        most = self._training.iterations
        self._check(0)
        total, since = self._no_loss(), 0
        for iteration in range(1, most + 1):
            if not self._alive:
                break
            total += self._learn(iteration)
            since += 1
            if iteration % CHECK_EVERY == 0 or iteration == most:
                self._note_losses(iteration, total / since)
                self._check(iteration)
                total, since = self._no_loss(), 0
        return [self._done[place] for place in range(len(self._learners))]

    def _no_loss(self) -> Tensor:
        return torch.zeros(len(self._alive), dtype=self._sums, device=self._stack.device)

    def _drawn(self, split: str, rng: np.random.Generator, learner: Learner, count: int) -> Trials:
        training, stimuli = self._training, self._seen[split].stimuli
        return trials(
            count, learner.tasks, stimuli, training.p_match, rng, steps=training.steps,
            code=self._code,
        )  # fmt: skip

    def _start(self, count: int) -> Hidden | None:
        if self._config.initial_state == "zero":
            return None
        rngs = [self._learners[place].states for place in self._alive]
        return self._stack.kaiming_state(count, rngs)

    def _learn(self, iteration: int) -> Tensor:
        """Make one step of every network on a batch of its own; return the losses."""
        training, stack = self._training, self._stack
        learners = [self._learners[place] for place in self._alive]
        drawn = [self._drawn("train", each.trials, each, training.batch) for each in learners]
        batch = Batch.of(drawn, stack)
        scores = scores_of(stack, self._seen["train"].images, batch, self._start(training.batch))
        losses = nn.functional.cross_entropy(
            scores.flatten(0, 2), batch.right.flatten(), reduction="none"
        ).view(stack.width, -1).mean(1)  # fmt: skip
        self._optimiser.param_groups[0]["lr"] = training.rate_at(iteration - 1)
        self._optimiser.zero_grad()
        losses.sum().backward()
        self._optimiser.step()
        return losses.detach().to(self._sums)

    def _note_losses(self, iteration: int, means: Tensor) -> None:
        for place, loss in zip(self._alive, means.tolist(), strict=True):
            if not np.isfinite(loss):
                raise ExecutionError(
                    f"the loss is not finite any more after {iteration} iterations: lower "
                    f"learning_rate, which is {self._training.learning_rate:g}"
                )
            self._records[place].losses.append((iteration, loss))

    def _check(self, iteration: int) -> None:
        """Measure every network; those that are good enough, or at their end, leave."""
        last = iteration == self._training.iterations
        begun = iteration > 0
        chosen_by = self._answers(SELECTION, whole=begun or last)
        over = [at for at in self._alive if begun and self._is_good(at, chosen_by[at])]
        over = [*self._alive] if last else over
        answered: dict[str, dict[int, np.ndarray]] = {
            name: self._answers(name, whole=bool(over)) for name in SPLITS
        }
        answered[SELECTION] = chosen_by
        for name in CHECKED:
            for place, answers in answered[name].items():
                whole = place in over or (name == SELECTION and begun)
                counted = answers if whole else answers[:ON_THE_WAY]
                accuracies = self._accuracies(name, place, counted)
                self._records[place].curves.append((iteration, name, *accuracies))
        if over:
            self._finish(iteration, over, answered)

    def _is_good(self, place: int, answers: np.ndarray) -> bool:
        """Tell whether a network is good enough for the second time in a row."""
        record, enough = self._records[place], self._training.stop_at
        good = self._accuracies(SELECTION, place, answers)[1] >= enough > 0
        record.reached = record.reached + 1 if good else 0
        return record.reached == 2

    def _accuracies(self, name: str, place: int, answers: np.ndarray) -> tuple[float, float]:
        """Return accuracy and response accuracy on the first trials, as many as were answered."""
        response = self._checks[name][place].response[: len(answers)]
        right, asked = answers == response, response != NO_ACTION
        return float(right.mean()), float(right[asked].mean())

    @torch.inference_mode()
    def _answers(self, name: str, whole: bool) -> dict[int, np.ndarray]:
        """Return each network's responses to its trials of a split, all or the first ones.

        Where initial states are drawn it is always all, so that what a network draws does not
        depend on what is asked of its neighbours. Responses are [trials, frames].
        """
        drawn = self._config.initial_state != "zero"
        count = CHECK_TRIALS if whole or drawn else min(ON_THE_WAY, CHECK_TRIALS)
        mine = [self._checks[name][place] for place in self._alive]
        batch = Batch.of(mine, self._stack)
        part = self._stack.image_part(self._seen[name].images)
        found = []
        for start in range(0, count, CHUNK):
            chunk = slice(start, min(start + CHUNK, count))
            frames = self._stack.frames(part, batch.shown[:, :, chunk], batch.codes[:, chunk])
            hidden = self._stack.recur(frames, self._start(frames.shape[2]))
            found.append(self._stack.answers(hidden.output).argmax(-1))
        answers = torch.cat(found, dim=2).transpose(1, 2).cpu().numpy()
        return dict(zip(self._alive, answers, strict=True))

    def _finish(
        self, iteration: int, over: Sequence[int], answered: Mapping[str, Mapping[int, np.ndarray]]
    ) -> None:
        """Write down what networks are that are done, and go on without them."""
        for place in over:
            tables = [
                _by_task(self._checks[name][place], answered[name][place]).assign(split=name)
                for name in SPLITS
            ]
            record = self._records[place]
            columns = ["iteration", "split", "accuracy", "response_accuracy"]
            self._done[place] = Trained(
                self._stack.state_of(self._alive.index(place)),
                iteration,
                pd.DataFrame(record.curves, columns=columns),
                pd.DataFrame(record.losses, columns=["iteration", "train_loss"]),
                pd.concat(tables, ignore_index=True),
            )
        rows = [row for row, place in enumerate(self._alive) if place not in over]
        self._alive = [self._alive[row] for row in rows]
        self._keep(rows)

    def _keep(self, rows: list[int]) -> None:
        """Go on with some of the stack's networks, their moments with them."""
        values, states = self._stack.parameters, self._optimiser.state
        kept = {}
        for name, old in values.items():
            kept[name] = old.detach()[rows].clone().requires_grad_()
            states[kept[name]] = {
                what: held[rows].clone() if held.ndim else held
                for what, held in states.pop(old, {}).items()
            }
        self._stack.parameters = kept
        self._optimiser.param_groups[0]["params"] = [*kept.values()]


def _by_task(drawn: Trials, answers: np.ndarray) -> pd.DataFrame:
    """Return accuracy and response accuracy of each task."""
    right, asked = answers == drawn.response, drawn.response != NO_ACTION
    rows = []
    for number, task in enumerate(drawn.tasks):
        mine = drawn.task == number
        found, counted = right[mine], asked[mine]
        rows.append({
            "task": task.name, "trials": int(mine.sum()),
            "accuracy": float(found.mean()) if len(found) else np.nan,
            "response_accuracy": float(found[counted].mean()) if counted.any() else np.nan,
        })  # fmt: skip
    return pd.DataFrame(rows)
