"""A chosen network with everything around it, as a model for the registry."""

from __future__ import annotations

import base64
import dataclasses
import io
import shutil
import tempfile
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from safetensors.numpy import save_file

from hybridrep.errors import ExecutionError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.tasks import Task
from hybridrep.execution.threads import single_thread
from hybridrep.reporting.formatting import number
from hybridrep.reporting.markup import code
from hybridrep.running import work
from hybridrep.running.register import Candidate, Source
from hybridrep.running.stage import Reader
from hybridrep.studies.nback.features import stage as features
from hybridrep.studies.nback.features import weights
from hybridrep.studies.nback.inputs import Inputs, NBack
from hybridrep.studies.nback.memory import front_end
from hybridrep.studies.nback.memory import stage as memory
from hybridrep.studies.nback.memory.networks import NetworkRecipe
from hybridrep.studies.nback.memory.training import CHECK_TRIALS, Batch, scores_of
from hybridrep.studies.nback.names import NO_ACTION, RESPONSES, SELECTION, SIMULATION, NBackTask
from hybridrep.studies.nback.register.responder import Responder
from hybridrep.studies.nback.stimuli import stage as stimuli
from hybridrep.studies.nback.stimuli.backgrounds import canvas
from hybridrep.studies.nback.stimuli.frames import frames
from hybridrep.studies.nback.tasks.trials import Trials, trials
from hybridrep.tracking.models import (
    LoggedModel,
    Network,
    check_model,
    log_model,
    network_digest,
    write_json,
    write_network,
)
from hybridrep.tracking.registry import Selection, ToRegister

BY = "response_accuracy"
_SAME = 2e-3
"""Answers to 2,000 trials may differ by rounding where other trials are computed at once."""
_REQUIREMENTS = (
    "mlflow", "torch", "numpy", "pandas", "safetensors", "jaxtyping", "threadpoolctl", "pillow",
)  # fmt: skip
_VISION = {"packaged": ("efficientnet-lite-pytorch",), "folder": ("transformers",)}


class BestNetwork:
    """A chosen network: its parts, how it is shown to be the one judged, its model."""

    def __init__(self, source: Source[NetworkRecipe], choice: Candidate[NetworkRecipe]) -> None:
        self.source, self.choice = source, choice
        self.study: NBack = source.prepared
        self.inputs: Inputs = self.study.inputs
        self.recipe = choice.trained
        self._node = memory.node(self.study, self.recipe, choice.seed)

    def tasks(self) -> list[Task]:
        """Return the tasks that make what is missing of it: usually none."""
        model = weights.nodes(self.inputs.backbone)
        return work.missing_tasks([[*model, *features.every_node(self.study)], [self._node]],
                                  self.study.store)  # fmt: skip

    @cached_property
    def responder(self) -> Responder:
        """Everything from images to responses."""
        result = self.study.open(self._node)
        network, _ = memory.read_network(result, self.recipe)
        components = None
        if self.recipe.front_end == "pca":
            components = front_end.read_map(self.study.open(front_end.node(self.study)))
        model = weights.nodes(self.inputs.backbone)
        return Responder(
            network, result.arrays("weights"), components, self.inputs.backbone,
            self.study.open(model[0]).arrays("weights") if model else None, self.recipe.code,
            self.recipe.n_back, self.recipe.training.steps,
        )  # fmt: skip

    def verify(self) -> None:
        """Show that its weights answer the selection trials as they did in training."""
        read = Reader(self.study.store, self._node.call.keys)
        seen = memory.seen(read, self.recipe, self.inputs.stimuli.objects)["val_angle"]
        _, stack = memory.read_network(self.study.open(self._node), self.recipe)
        learner = memory.learner(self.recipe, self.choice.seed)
        training = self.recipe.training
        drawn = trials(
            CHECK_TRIALS, learner.tasks, seen.stimuli, training.p_match,
            learner.checks[SELECTION], steps=training.steps, code=self.recipe.code,
        )  # fmt: skip
        with single_thread(), torch.inference_mode():
            scores = scores_of(stack, seen.images, Batch.of([drawn], stack))
        answers = scores.argmax(-1)[0].T.numpy()
        asked = drawn.response != NO_ACTION
        found = float((answers == drawn.response)[asked].mean())
        if abs(found - self.choice.value) > _SAME:
            raise ExecutionError(
                f"the {self.recipe.name} network of seed {self.choice.seed} has a response "
                f"accuracy of {found:.4f} on the selection trials, not {self.choice.value:.4f} as "
                "in training: its stored weights are not those that were judged"
            )

    def to_register(self) -> list[ToRegister]:
        """Return the model with what writes it."""
        choice, name = self.choice, f"hybridrep-nback-{self.recipe.architecture}"
        network = Network(dataclasses.asdict(self.responder.network), self.responder.state)
        tags = {
            "architecture": self.recipe.architecture, "hidden": str(self.recipe.hidden),
            "source": self.source.kind,
        }  # fmt: skip
        selection = Selection(
            name=name, run_id=choice.run_id, seed=choice.seed, study_key=self.source.key,
            selected_by=BY, score=choice.value, data_fingerprint=data_fingerprint(self.inputs),
            digest=content_key({
                "network": network_digest(network), "vision": self.inputs.backbone.fingerprint,
            }),
            card=self._card(), tags=tags,
        )  # fmt: skip
        return [(selection, lambda: self._log(network, tags))]

    def example(self) -> tuple[pd.DataFrame, np.ndarray]:
        """Return a 1-back location trial of new view angles as a table of images, and its images.

        The task is the first that the network was trained on.
        """
        task = NBackTask(self.recipe.n_back[0], "location")
        drawn = self._example_trial(task)
        background = self.inputs.background
        read = Reader.of(
            self.study.store, patches=stimuli.patches(self.study, "val_angle"),
            background=(background.key,) if background.key else (),
        )  # fmt: skip
        patches = read["patches"].arrays("patches")["rgba"]
        shown = frames(patches, drawn.image[0], canvas(background, read, "val_angle"))
        table = pd.DataFrame({"task": [task.name], "images": [[_png(frame) for frame in shown]]})
        return table, shown

    def _example_trial(self, task: NBackTask) -> Trials:
        from hybridrep.randomness import generator

        labels = self.inputs.stimuli.labels("val_angle")
        rng = generator(0, "example", simulation=SIMULATION)
        return trials(1, [task], labels, 0.5, rng, steps=self.recipe.training.steps,
                      code=self.recipe.code)  # fmt: skip

    def _log(self, network: Network, tags: dict[str, str]) -> LoggedModel:
        from mlflow.models import ModelSignature
        from mlflow.types.schema import Array, ColSpec, DataType, Schema

        responder = self.responder
        table, shown = self.example()
        with single_thread():
            vectors = responder.maps(shown)
            expected = responder.respond(vectors[None], [str(table["task"][0])])[0]
        numbers = Array(Array(DataType.double))
        signature = ModelSignature(
            Schema([
                ColSpec(DataType.string, "task"),
                ColSpec(Array(DataType.string), "images", required=False),
                ColSpec(numbers, "vectors", required=False),
            ]),
            Schema([ColSpec(Array(DataType.float), name) for name in RESPONSES]),
        )  # fmt: skip
        with tempfile.TemporaryDirectory(prefix="hybridrep-") as folder:
            artifacts = {
                **write_network(Path(folder), "network", network),
                **_write_parts(Path(folder), responder),
            }
            logged = log_model(
                self.source.server, self.choice.run_id,
                f"nback-{self.recipe.name}", Path(__file__).with_name("memory_model.py"),
                artifacts, signature, table,
                (*_REQUIREMENTS, *_VISION[self.inputs.backbone.kind]), tags,
            )  # fmt: skip
        columns = {name: expected[:, place][None] for place, name in enumerate(RESPONSES)}
        check_model(logged, table, columns)
        return logged

    def _card(self) -> str:
        recipe, choice, config = self.recipe, self.choice, self.inputs.config
        by_task = self.study.open(self._node).table("by_task")
        means = by_task.groupby("split", sort=False)["response_accuracy"].mean()
        lines = "".join(f"| {split} | {number(value)} |\n" for split, value in means.items())
        tasks = f"n = {', '.join(map(str, recipe.n_back))}; location, identity, category"
        return "\n\n".join([
            f"# N-back network: {recipe.architecture}, {recipe.hidden} units",
            f"**What it does.** Takes trials of {recipe.training.steps} frames with a task (e.g. "
            "`2back_identity`) and gives, at every frame, the probabilities of `non_match`, "
            "`match` and `no_action`. Frames are images (base64 of PNG or JPEG, 224 x 224 or "
            "resized to it) or their vectors (flattened feature maps, or components). "
            f"Tasks: {tasks}.",
            f"**Made from** {self.source.kind} `{config.study}`, key `{self.source.key[:16]}`, "
            f"seed {choice.seed}; stimuli {code(self.inputs.stimuli.description)}; vision model "
            f"{code(self.inputs.backbone.description)}; trained on all tasks together.",
            "**Numbers** (response accuracy, mean over tasks)\n\n| trials | value |\n| --- | --- "
            f"|\n{lines}",
            f"**How it was chosen.** Highest response accuracy ({number(choice.value)}) of "
            f"{choice.rivals} networks of this architecture, on selection trials: new view angles "
            "of the trained objects, and trials that no report shows. The highest of many is so "
            "partly by luck.",
            "**Limits.** It knows the objects that it was trained on, from other sides too; on "
            "objects that it never saw it is much worse (`val_identity` above). It is a model of "
            "working memory for research, and recognises nothing in photographs.",
            "Method: Lei, Ito & Bashivan, *Geometry of naturalistic object representations in "
            "recurrent neural network models of working memory* (NeurIPS 2024).",
        ])  # fmt: skip


def data_fingerprint(inputs: Inputs) -> str:
    """Identify what scores were measured on; only equal ones can be compared."""
    config = inputs.config
    return content_key({
        "stimuli": inputs.stimuli.digest, "background": list(inputs.background.fingerprint),
        "backbone": inputs.backbone.fingerprint, "n_back": list(config.n_back),
        "steps": config.steps, "p_match": config.p_match,
    })  # fmt: skip


def _write_parts(folder: Path, responder: Responder) -> dict[str, str]:
    """Write what leads from images to the network; return MLflow's artifacts, name -> path."""
    write_json(folder / "settings.json", responder.settings)
    written = {"settings": str(folder / "settings.json")}
    if (found := responder.components) is not None:
        arrays = {"mean": found.mean, "axes": found.axes, "scale": np.array(found.scale)}
        save_file(arrays, folder / "components.safetensors")
        written["components"] = str(folder / "components.safetensors")
    if responder.encoder_weights is not None:
        save_file(dict(responder.encoder_weights), folder / "encoder.safetensors")
        written["encoder_weights"] = str(folder / "encoder.safetensors")
    elif responder.encoder.kind == "folder":
        shutil.copytree(responder.encoder.folder, folder / "encoder")
        written["encoder"] = str(folder / "encoder")
    return written


def _png(frame: np.ndarray) -> str:
    """Return a frame as base64 of a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(frame).save(stream, format="PNG")
    return base64.b64encode(stream.getvalue()).decode()
