"""The causal test of every trained network: each task's own feature, changed after frame 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from hybridrep.analysis.perturbation import span_of
from hybridrep.randomness import generator, torch_generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.nback.decoding.network import Decoding, FittedDecoders
from hybridrep.studies.nback.decoding.states import (
    AnalysedNetwork,
    Analysis,
    analysed_network,
)
from hybridrep.studies.nback.geometry.causal import (
    AMOUNTS,
    DIRECTIONS,
    Effect,
    Shown,
    continuation,
    exchanged,
    moved,
    spaces_changed,
)
from hybridrep.studies.nback.geometry.decoders import decoders_by_space, node_of_decoders
from hybridrep.studies.nback.memory.model import Hidden
from hybridrep.studies.nback.memory.networks import NetworkRecipe
from hybridrep.studies.nback.names import FEATURES, RESPONSES, SIMULATION, Feature
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet
from hybridrep.studies.nback.tasks.trials import Trials, trials

if TYPE_CHECKING:
    from hybridrep.studies.nback.inputs import NBack, Objects

STAGE = Stage("nback_causal", module=__name__, noun="networks", entry="nback_geometry",
              title="causal test")  # fmt: skip


@declared_once
def node(study: NBack, recipe: NetworkRecipe, seed: int) -> Node:
    """Declare the causal test of a network."""
    return node_of_decoders(STAGE, make, study, recipe, seed)


def make(
    read: Reader, recipe: NetworkRecipe, objects: tuple[Objects, ...], seed: int,
    analysis: Analysis, decoding: Decoding,
) -> Made:  # fmt: skip
    """Test every task: a row a state, direction, alpha and measure."""
    network = analysed_network(read, recipe, objects, seed, analysis)
    both, stimuli = analysis.views == "disjoint", network.stimuli
    views = [stimuli.with_views(half) if both else stimuli for half in (0, 1)]
    fitted = decoders_by_space(read, network, decoding)
    rows: list[dict[str, object]] = []
    for number, task in enumerate(network.tasks):
        label = {"n": task.n, "feature": task.feature}
        runner = _Runner(network, number)
        rows += [{**label, **row} for row in runner.effects(views, fitted)]
    table = pd.DataFrame(rows)
    return Made(tables={"causal": table}, arrays={"causal": arrays(table)})


class _Runner:
    """The causal test of one task of a network."""

    def __init__(self, network: AnalysedNetwork, number: int) -> None:
        self._network, self._task, self._number = network, network.tasks[number], number
        seed, path = network.seed, (*network.recipe.stream, "causal", self._task.name)
        self._stream = generator(seed, *path, simulation=SIMULATION)
        self._starts = torch_generator(seed, *path, "states", simulation=SIMULATION)

    def effects(
        self, views: list[StimulusSet], fitted: dict[str, FittedDecoders]
    ) -> Iterator[dict[str, object]]:
        """Yield what moving and exchanging states does, a row each."""
        task, stack, number = self._task, self._network.stack, self._number
        seen, _ = self._shown(views[0])
        asked, frames = self._shown(views[1])
        run = continuation(stack, frames, asked.first)
        values = views[0].values(task.feature)
        feature = task.feature_number
        normals: dict[str, np.ndarray] = {}
        spans: dict[tuple[str, Feature], np.ndarray] = {}
        scales: dict[str, float] = {}
        for space, each in fitted.items():
            rows = {f: each.normals[f][number, 0, 0] for f in FEATURES}
            rows = {f: some[np.isfinite(some).all(axis=1)] for f, some in rows.items()}
            normals[space] = np.concatenate([*rows.values()])
            spans |= {(space, f): span_of(some) for f, some in rows.items()}
            scales[space] = each.centring.scale
        penalty = float(next(iter(fitted.values())).penalty[number, feature])
        for changed in spaces_changed(stack):
            if not {*changed} <= {*fitted}:
                continue
            found: list[Effect] = [
                *moved(seen, asked, run, task.feature, changed, values, penalty, scales, normals,
                       self._stream),
                *exchanged(asked, run, changed, spans, self._stream),
            ]  # fmt: skip
            for effect in found:
                yield {"state": "".join(changed), **asdict(effect)}

    @torch.inference_mode()
    def _shown(self, views: StimulusSet) -> tuple[Shown, torch.Tensor]:
        """Return trials after their first frame, and what comes in the n frames after it."""
        stack, task = self._network.stack, self._task
        drawn: Trials = trials(
            self._network.analysis.trials, [task], views, 1.0, self._stream,
            steps=self._network.analysis.steps, code=self._network.recipe.code,
        )  # fmt: skip
        part = stack.image_part(self._network.images)
        shown = torch.from_numpy(drawn.image.T[: task.n + 1].copy()).unsqueeze(0)
        codes = torch.from_numpy(drawn.task_code).to(stack.dtype).unsqueeze(0)
        frames = stack.frames(part, shown, codes)
        kaiming = stack.config.initial_state == "kaiming"
        start = stack.kaiming_state(len(drawn), [self._starts]) if kaiming else None
        hidden = stack.recur(frames[:, :1], start)
        cell = None if hidden.cell is None else hidden.cell[:, 0]
        return Shown(Hidden(hidden.output[:, 0], cell), drawn.labels[:, 0]), frames[:, 1:]


def arrays(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the test as arrays, of what states h alone do.

    Returns:
        `n` and `alpha`, what the axes stand for; by direction [3 features, n, alpha, 3 responses];
        `interchange` [3 features, n, 3 exchanged features, 3 responses]. NaN: no such task.
    """
    n_back = sorted({int(n) for n in table["n"]})
    found: dict[str, np.ndarray] = {"n": np.array(n_back), "alpha": AMOUNTS.copy()}
    shape = (len(FEATURES), len(n_back), len(AMOUNTS), len(RESPONSES))
    found |= {name: np.full(shape, np.nan) for name in DIRECTIONS}
    found["interchange"] = np.full((len(FEATURES), len(n_back), len(FEATURES), 3), np.nan)
    mine = table[(table["state"] == "h") & table["measure"].isin(RESPONSES)]
    for row in mine.to_dict("records"):
        task = FEATURES.index(row["feature"]), n_back.index(row["n"])
        response = RESPONSES.index(row["measure"])
        if row["direction"] == "interchange":
            place = FEATURES.index(row["other"])
        else:
            place = int(np.flatnonzero(row["alpha"] == AMOUNTS)[0])
        found[row["direction"]][*task, place, response] = row["score"]
    return found
