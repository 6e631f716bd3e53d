"""Register: the best autoencoders, and the best fusion, become models to be loaded and served.

Chosen are single trained autoencoders, by a stated criterion on validation tweets; test tweets
have no say. The alias `best` moves only to what is better on the same data.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import pandas as pd

from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.terminal import show
from hybridrep.running.register import Candidate, Chosen, Source, register
from hybridrep.studies.hybrid.fusion.stage import Fusion
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import SIMULATION
from hybridrep.studies.hybrid.register.card import model_card
from hybridrep.studies.hybrid.register.chosen import ChosenModel
from hybridrep.studies.hybrid.register.fused import BestFusion
from hybridrep.studies.hybrid.register.logging import log_autoencoder_model, log_text_model
from hybridrep.studies.hybrid.register.seed_model import reading_identity
from hybridrep.studies.hybrid.register.source import Trained, find_source
from hybridrep.studies.hybrid.results.seed_run import data_inputs
from hybridrep.studies.hybrid.sweep.config import RegisterConfig
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.tracking.models import LoggedModel
from hybridrep.tracking.records import Contents
from hybridrep.tracking.registry import Selection, ToRegister
from hybridrep.tracking.runs import connect


def run(config: RegisterConfig) -> pd.DataFrame:
    """Choose, check, log and register; return what became of each model, or the plan's table.

    Raises:
        HybridrepError: there is nothing finished to choose from, a model is not what was judged,
            or the registry fails.
    """
    tracker = connect(SIMULATION)
    source = find_source(config, tracker.server)
    table = register(
        tracker, source, partial(_model_of, config, source), config,
        Contents(inputs=data_inputs(source.prepared.inputs)[:1]), by=config.by,
        noun="autoencoder", judged_on="validation tweets that no model saw", served="-text",
    )  # fmt: skip
    if line := left_out_text(source.prepared.inputs):
        show(line, soft_wrap=True)
    return table


def left_out_text(inputs: Inputs) -> str:
    """Say why there are no models that read tweets, if there are none."""
    if not inputs.given:
        return ""
    sources = ", ".join(dict.fromkeys(each.source for each in inputs.given))
    return (
        "The models that read tweets (-text) are left out: nothing here makes the given vectors "
        f"({sources}) of a tweet."
    )


def _model_of(
    config: RegisterConfig, source: Source[Trained], choice: Candidate[Trained]
) -> Chosen:
    if isinstance(choice.trained, Fusion):
        return BestFusion(
            cast("Source[Fusion]", source), cast("Candidate[Fusion]", choice),
            share_text=config.share_text,
            data_fingerprint=data_fingerprint(source.prepared.inputs),
        )  # fmt: skip
    return BestModel(config, cast("Source[Variant]", source), cast("Candidate[Variant]", choice))


class BestModel(ChosenModel):
    """A chosen autoencoder as the registry takes it: two models, each with its card."""

    def __init__(
        self, config: RegisterConfig, source: Source[Variant], choice: Candidate[Variant]
    ) -> None:
        super().__init__(source.prepared, choice, share_text=config.share_text)
        self.by, self.source = config.by, source
        self.tags = {
            "direction": self.direction,
            "epoch": str(choice.epoch),
            "source": source.kind,
            "synthetic_data": str(self.inputs.emotion.synthetic).lower(),
        }

    def to_register(self) -> list[ToRegister]:
        """Return both with what writes them: vectors in, and raw tweets in if that can be."""
        server, run_id = self.source.server, self.choice.run_id
        name = f"{self.direction}-b{self.choice.trained.bottleneck}"

        def log_vectors() -> LoggedModel:
            return log_autoencoder_model(
                server, run_id, name, self.autoencoder, *self.example(), tags=self.tags
            )

        def log_text() -> LoggedModel:
            return log_text_model(
                server, run_id, f"{name}-text", self.autoencoder, self.parts,
                self.text_example(), tags=self.tags,
            )  # fmt: skip

        found: list[ToRegister] = [(self._selection(text=False), log_vectors)]
        if self.reads_texts:
            found.append((self._selection(text=True), log_text))
        return found

    def _selection(self, *, text: bool) -> Selection:
        name = f"hybridrep-{self.direction.replace('_', '-')}"
        return Selection(
            name=f"{name}-text" if text else name, run_id=self.choice.run_id,
            seed=self.choice.seed, study_key=self.source.key, selected_by=self.by,
            score=self.choice.value, data_fingerprint=data_fingerprint(self.inputs),
            digest=self.text_digest if text else self.digest,
            card=model_card(self, self.source, self.by, text=text),
            share_text=None if text else self.share_text, texts="tweets",
            tags={**self.tags, "bottleneck": str(self.choice.trained.bottleneck)},
        )  # fmt: skip


def data_fingerprint(inputs: Inputs) -> str:
    """Identify what scores were measured on; only equal ones can be compared.

    No version of code or libraries is part of it: a better model made by newer ones is better.
    """
    given = [each.fingerprint for each in inputs.task_specific]
    return content_key({
        "tweets": inputs.emotion.fingerprint, "word_vectors": inputs.vectors_fingerprint,
        "time_steps": inputs.time_steps, "padding": inputs.config.padding,
        "encoder": inputs.encoder.fingerprint, "items": inputs.config.items_per_emotion,
        **({"task_specific": given} if given else {}), **reading_identity(inputs),
    })  # fmt: skip
