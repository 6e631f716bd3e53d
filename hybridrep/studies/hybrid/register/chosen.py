"""A chosen autoencoder as two models for the registry: vectors in, and raw tweets in.

Before, its weights are shown to be those that were judged: they give the similarities that
training measured, and the parts of the text model give the vectors that training read.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np
import pandas as pd

from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.tasks import Task
from hybridrep.execution.threads import single_thread
from hybridrep.randomness import generator
from hybridrep.running import work
from hybridrep.running.register import Candidate
from hybridrep.running.stage import Node
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import CHOSEN_ON, PAIRS
from hybridrep.studies.hybrid.pairs import rsa_pairs
from hybridrep.studies.hybrid.register.logging import EXAMPLE_TEXTS
from hybridrep.studies.hybrid.register.seed_model import SeedModel, reading_identity
from hybridrep.studies.hybrid.results import gather
from hybridrep.studies.hybrid.transformation import baseline
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.tracking.models import Network, network_digest
from hybridrep.transforms.stacked import apply_autoencoder

EXAMPLES = 5


class ChosenModel(SeedModel):
    """A chosen autoencoder with everything around it.

    Its example may be made of tweets only if what it was chosen from allows it too.
    """

    def __init__(self, study: Hybrid, choice: Candidate[Variant], *, share_text: bool) -> None:
        self.direction = choice.trained.direction
        source = "global" if self.direction == "bert_to_lstm" else "task_specific"
        super().__init__(study, choice.seed, self.direction, source)
        self.choice, self.share_text = choice, share_text and study.config.share_text
        self.training, self.weights = _training(study, choice)
        self._network = transformation.network(self.training, self.inputs.size_of(self.direction))

    def tasks(self) -> list[Task]:
        """Return the tasks that make what is missing of it: usually none.

        The store keeps a training's models of half and of all epochs. A model of another epoch
        is trained again up to there, from the same random streams, so it is the same model.
        """
        beside = baseline.node(self.study, self.choice.seed)
        return work.missing_tasks([[self._node, beside]], self.study.store)

    @cached_property
    def autoencoder(self) -> Network:
        """Configuration and weights."""
        state = self.study.open(self._node).arrays(self.weights)
        return Network(dataclasses.asdict(self._network), state)

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Correlations at training time: item_set, pair, value."""
        rsa = self.study.open(self._node).table("rsa")
        return rsa[rsa["epoch"] == self.choice.epoch].drop(columns="epoch")

    @cached_property
    def test_loss(self) -> float:
        """The autoencoder's loss on its test tweets."""
        curves = self.study.open(self._node).table("curves")
        return float(curves["test_loss"][curves["epoch"] == self.choice.epoch].iloc[0])

    @cached_property
    def linear(self) -> pd.Series:
        """The seed's linear baseline of the same direction."""
        table = gather.linear_baseline(self.study, self.choice.seed)
        return table[table["direction"] == self.direction].iloc[0]

    @property
    def digest(self) -> str:
        """Digest of the autoencoder."""
        return network_digest(self.autoencoder)

    @property
    def text_digest(self) -> str:
        """Digest of the whole way from tweets to vectors."""
        return content_key({
            "networks": network_digest(self.autoencoder, self.parts.lstm),
            "encoder": self.inputs.encoder.fingerprint, "tokens": self.inputs.emotion.tokens_key,
            **reading_identity(self.inputs),
        })  # fmt: skip

    def example(self) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Return some input vectors, and bottleneck and reconstructed vectors that they give.

        They are those of tweets that no model saw; where no text may be shared those of
        `EXAMPLE_TEXTS`, for texts can be guessed from their vectors; where nothing makes vectors
        of these, random ones of the inputs' mean and SD.
        """
        if not (self.share_text or self.reads_texts):
            vectors = self._made_up()
        elif self.share_text:
            vectors = self.data.sides(self.direction)[0][self.unseen[:EXAMPLES]]
        else:
            vectors = self.spaces(EXAMPLE_TEXTS)[self.parts.source]
        return vectors, self._apply(vectors)

    def _made_up(self) -> np.ndarray:
        inputs = self.data.sides(self.direction)[0][self.data.rows.autoencoder_train]
        rng = generator(self.choice.seed, "register", "example", self.direction)
        drawn = rng.normal(inputs.mean(axis=0), inputs.std(axis=0), (EXAMPLES, inputs.shape[1]))
        return np.asarray(drawn, dtype=np.float32)

    def text_example(self) -> dict[str, np.ndarray]:
        """Return the four vectors that `EXAMPLE_TEXTS` give, by representation."""
        spaces = self.spaces(EXAMPLE_TEXTS)
        diffused, transformed = self._apply(spaces[self.parts.source])
        return {**spaces, "diffused": diffused, "transformed": transformed}

    def verify(self) -> None:
        """Show that weights and parts are those that training measured and read."""
        self._verify_correlations()
        if self.reads_texts:
            self.verify_spaces()

    def _verify_correlations(self) -> None:
        known = self.correlations[self.correlations["item_set"] == CHOSEN_ON]
        trained = known.set_index("pair")["value"]
        rows = self.unseen
        layers = self._apply(self.data.sides(self.direction)[0][rows])
        global_, task_specific = self.data.sides("bert_to_lstm")
        found = rsa_pairs(self.direction, global_[rows], task_specific[rows], *layers)
        worst = max(abs(found[pair] - float(trained[pair])) for pair in PAIRS)
        self.refuse_above(worst, "its correlations")

    @property
    def _node(self) -> Node:
        return transformation.node(self.study, self.training, self.choice.seed)

    def _apply(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inputs = np.ascontiguousarray(vectors, dtype=np.float32)
        with single_thread():
            return apply_autoencoder(self._network, self.autoencoder.state, inputs)


def _training(study: Hybrid, choice: Candidate[Variant]) -> tuple[Variant, str]:
    """Return the training that ends (or is half done) with the chosen model, and which it is."""
    variant = choice.trained
    ends = {variant.epochs: "final", max(1, variant.epochs // 2): "half"}
    stored = study.has(transformation.node(study, variant, choice.seed))
    if choice.epoch in ends and (stored or choice.epoch == variant.epochs):
        return variant, ends[choice.epoch]
    return dataclasses.replace(variant, epochs=choice.epoch), "final"
