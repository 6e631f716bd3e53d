"""A chosen autoencoder as two models for the registry: vectors in, and raw tweets in.

Before, its weights are shown to be those that were judged: they give the similarities that
training measured, and the parts of the text model give the vectors that training read.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np
import pandas as pd

from hybridrep.errors import ExecutionError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.tasks import Task
from hybridrep.execution.threads import single_thread
from hybridrep.randomness import generator
from hybridrep.running import work
from hybridrep.running.register import Candidate
from hybridrep.running.stage import Node
from hybridrep.sources.encoders.reading import USUAL
from hybridrep.sources.encoders.text import EncoderSource, embed_texts
from hybridrep.sources.words.tokens import FIRST_WORD_ID, Vocabulary
from hybridrep.studies.hybrid.inputs import Hybrid, Inputs, read_corpus, read_tokens
from hybridrep.studies.hybrid.names import PAIRS
from hybridrep.studies.hybrid.pairs import rsa_pairs
from hybridrep.studies.hybrid.register.logging import EXAMPLE_TEXTS, TextParts
from hybridrep.studies.hybrid.results import gather
from hybridrep.studies.hybrid.sweep.objectives import CHOSEN_ON
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig
from hybridrep.studies.hybrid.task_specific.training import extract_hidden
from hybridrep.studies.hybrid.transformation import baseline
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.seed_data import SeedData, seed_data_of
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.tracking.models import Network, network_digest
from hybridrep.transforms.stacked import apply_autoencoder

TOLERANCE = 1e-6
EXAMPLES = 5
CHECKED_TWEETS = 10


class ChosenModel:
    """A chosen autoencoder with everything around it.

    Its example may be made of tweets only if what it was chosen from allows it too.
    """

    def __init__(self, study: Hybrid, choice: Candidate[Variant], *, share_text: bool) -> None:
        self.study, self.inputs, self.choice = study, study.inputs, choice
        self.share_text = share_text and study.config.share_text
        self.direction = choice.trained.direction
        self.training, self.weights = _training(study, choice)
        self._network = transformation.network(self.training, self.inputs.size_of(self.direction))
        self._lstm = LSTMConfig(**task_specific.network(study))

    @property
    def reads_texts(self) -> bool:
        """Whether a model can be made of it that reads tweets: not of given vectors."""
        return not self.inputs.given

    def tasks(self) -> list[Task]:
        """Return the tasks that make what is missing of it: usually none.

        The store keeps a training's models of half and of all epochs. A model of another epoch
        is trained again up to there, from the same random streams, so it is the same model.
        """
        beside = baseline.node(self.study, self.choice.seed)
        return work.missing_tasks([[self._node, beside]], self.study.store)

    @cached_property
    def data(self) -> SeedData:
        """What the seed's autoencoders read."""
        return seed_data_of(self.study, self.choice.seed)

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

    @cached_property
    def parts(self) -> TextParts:
        """Everything that leads from tweets to the autoencoder's input."""
        inputs, seed = self.inputs, self.choice.seed
        assert isinstance(inputs.encoder, EncoderSource)
        key = inputs.emotion.tokens_key
        words = self.study.store.open(key).table("vocabulary")["word"].to_numpy(dtype=object)
        vectors = read_tokens(self.study.store, key).vectors
        # A word without a vector counts as unknown, whose vector is zeros too. So no such word,
        # many a user's name among them, needs to travel with the model.
        known = np.flatnonzero(vectors[FIRST_WORD_ID:].any(axis=1))
        state = self.study.open(task_specific.network_node(self.study, seed)).arrays("state")
        return TextParts(
            encoder_folder=inputs.encoder.folder,
            words=words[known].tolist(),
            word_vectors=vectors[[*range(FIRST_WORD_ID), *(known + FIRST_WORD_ID)]],
            lstm=Network(dataclasses.asdict(self._lstm), state),
            source="global" if self.direction == "bert_to_lstm" else "task_specific",
            reading=inputs.reading,
        )

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
            vectors = self.data.sides(self.direction)[0][self._unseen[:EXAMPLES]]
        else:
            vectors = self._spaces(EXAMPLE_TEXTS)[self.parts.source]
        return vectors, self._apply(vectors)

    def _made_up(self) -> np.ndarray:
        inputs = self.data.sides(self.direction)[0][self.data.rows.autoencoder_train]
        rng = generator(self.choice.seed, "register", "example", self.direction)
        drawn = rng.normal(inputs.mean(axis=0), inputs.std(axis=0), (EXAMPLES, inputs.shape[1]))
        return np.asarray(drawn, dtype=np.float32)

    def text_example(self) -> dict[str, np.ndarray]:
        """Return the four vectors that `EXAMPLE_TEXTS` give, by representation."""
        spaces = self._spaces(EXAMPLE_TEXTS)
        diffused, transformed = self._apply(spaces[self.parts.source])
        return {**spaces, "diffused": diffused, "transformed": transformed}

    def verify(self) -> None:
        """Show that weights and parts are those that training measured and read."""
        self._verify_correlations()
        if not self.reads_texts:
            return
        corpus = read_corpus(self.study.store, self.inputs.emotion.key)
        rows = self._unseen[:CHECKED_TWEETS]
        found = self._spaces([corpus.texts[row] for row in rows])
        for name, every in self.data.representations.items():
            vectors = every[rows]
            worst = float(np.abs(found[name] - vectors).max() / max(1.0, np.abs(vectors).max()))
            self._refuse_above(worst, f"its {name} vectors")

    def _verify_correlations(self) -> None:
        known = self.correlations[self.correlations["item_set"] == CHOSEN_ON]
        trained = known.set_index("pair")["value"]
        rows = self._unseen
        layers = self._apply(self.data.sides(self.direction)[0][rows])
        global_, task_specific = self.data.sides("bert_to_lstm")
        found = rsa_pairs(self.direction, global_[rows], task_specific[rows], *layers)
        worst = max(abs(found[pair] - float(trained[pair])) for pair in PAIRS)
        self._refuse_above(worst, "its correlations")

    def _refuse_above(self, worst: float, what: str) -> None:
        if not worst <= TOLERANCE:
            raise ExecutionError(
                f"the stored {self.direction} model of seed {self.choice.seed} is not the one "
                f"that was judged: {what} differ by {worst:.1e}; nothing was registered"
            )

    @property
    def _unseen(self) -> np.ndarray:
        return np.asarray(self.data.rows.items[CHOSEN_ON])

    @property
    def _node(self) -> Node:
        return transformation.node(self.study, self.training, self.choice.seed)

    def _apply(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inputs = np.ascontiguousarray(vectors, dtype=np.float32)
        with single_thread():
            return apply_autoencoder(self._network, self.autoencoder.state, inputs)

    def _spaces(self, texts: list[str] | tuple[str, ...]) -> dict[str, np.ndarray]:
        """Return the two representations of some tweets, made from the model's own parts."""
        config, parts = self._lstm, self.parts
        vocabulary = Vocabulary(tuple(parts.words))
        tokens = vocabulary.encode(texts, config.time_steps, config.padding)
        with single_thread():
            hidden = extract_hidden(config, parts.lstm.state, parts.word_vectors, tokens)
            assert isinstance(self.inputs.encoder, EncoderSource)
            encoded = embed_texts(self.inputs.encoder, texts, self.inputs.reading)
            return {"global": encoded, "task_specific": hidden}


def reading_identity(inputs: Inputs) -> dict[str, str]:
    """Return what tells an encoder that is read otherwise than usual from the same one."""
    return {} if inputs.reading == USUAL else {"vector": inputs.reading.words}


def _training(study: Hybrid, choice: Candidate[Variant]) -> tuple[Variant, str]:
    """Return the training that ends (or is half done) with the chosen model, and which it is."""
    variant = choice.trained
    ends = {variant.epochs: "final", max(1, variant.epochs // 2): "half"}
    stored = study.has(transformation.node(study, variant, choice.seed))
    if choice.epoch in ends and (stored or choice.epoch == variant.epochs):
        return variant, ends[choice.epoch]
    return dataclasses.replace(variant, epochs=choice.epoch), "final"
