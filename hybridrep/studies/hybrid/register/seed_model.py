"""What any registered model of a seed has around it: its data, and the way from tweets to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from hybridrep.errors import ExecutionError
from hybridrep.execution.threads import single_thread
from hybridrep.sources.encoders.reading import USUAL
from hybridrep.sources.encoders.text import EncoderSource, embed_texts
from hybridrep.sources.words.tokens import FIRST_WORD_ID, Vocabulary
from hybridrep.studies.hybrid.inputs import Hybrid, Inputs, read_corpus, read_tokens
from hybridrep.studies.hybrid.names import CHOSEN_ON
from hybridrep.studies.hybrid.register.logging import TextParts
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig
from hybridrep.studies.hybrid.task_specific.training import extract_hidden
from hybridrep.studies.hybrid.transformation.seed_data import SeedData, seed_data_of
from hybridrep.tracking.models import Network

TOLERANCE = 1e-6
CHECKED_TWEETS = 10


class SeedModel:
    """A chosen model of one seed of a study; `what` names it in messages."""

    def __init__(self, study: Hybrid, seed: int, what: str, source: str) -> None:
        self.study, self.inputs, self.seed = study, study.inputs, seed
        self.what, self._source = what, source
        self._lstm = LSTMConfig(**task_specific.network(study))

    @property
    def reads_texts(self) -> bool:
        """Whether a model can be made of it that reads tweets: not of given vectors."""
        return not self.inputs.given

    @cached_property
    def data(self) -> SeedData:
        """What the seed's autoencoders and fusions read."""
        return seed_data_of(self.study, self.seed)

    @cached_property
    def parts(self) -> TextParts:
        """Everything that leads from tweets to the representations."""
        inputs = self.inputs
        assert isinstance(inputs.encoder, EncoderSource)
        key = inputs.emotion.tokens_key
        words = self.study.store.open(key).table("vocabulary")["word"].to_numpy(dtype=object)
        vectors = read_tokens(self.study.store, key).vectors
        # A word without a vector counts as unknown, whose vector is zeros too. So no such word,
        # many a user's name among them, needs to travel with the model.
        known = np.flatnonzero(vectors[FIRST_WORD_ID:].any(axis=1))
        state = self.study.open(task_specific.network_node(self.study, self.seed)).arrays("state")
        return TextParts(
            encoder_folder=inputs.encoder.folder,
            words=words[known].tolist(),
            word_vectors=vectors[[*range(FIRST_WORD_ID), *(known + FIRST_WORD_ID)]],
            lstm=Network(dataclasses.asdict(self._lstm), state),
            source=self._source,
            reading=inputs.reading,
        )

    @property
    def unseen(self) -> np.ndarray:
        """Rows of the tweets that models are chosen on."""
        return np.asarray(self.data.rows.items[CHOSEN_ON])

    def spaces(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Return the two representations of some tweets, made from the model's own parts."""
        config, parts = self._lstm, self.parts
        vocabulary = Vocabulary(tuple(parts.words))
        tokens = vocabulary.encode(texts, config.time_steps, config.padding)
        with single_thread():
            hidden = extract_hidden(config, parts.lstm.state, parts.word_vectors, tokens)
            assert isinstance(self.inputs.encoder, EncoderSource)
            encoded = embed_texts(self.inputs.encoder, texts, self.inputs.reading)
            return {"global": encoded, "task_specific": hidden}

    def verify_spaces(self) -> None:
        """Show that the parts give the vectors that training read."""
        corpus = read_corpus(self.study.store, self.inputs.emotion.key)
        rows = self.unseen[:CHECKED_TWEETS]
        found = self.spaces([corpus.texts[row] for row in rows])
        for name, every in self.data.representations.items():
            vectors = every[rows]
            worst = float(np.abs(found[name] - vectors).max() / max(1.0, np.abs(vectors).max()))
            self.refuse_above(worst, f"its {name} vectors")

    def refuse_above(self, worst: float, what: str) -> None:
        """Refuse a model that is not the one that was judged."""
        if not worst <= TOLERANCE:
            raise ExecutionError(
                f"the stored {self.what} model of seed {self.seed} is not the one "
                f"that was judged: {what} differ by {worst:.1e}; nothing was registered"
            )


def reading_identity(inputs: Inputs) -> dict[str, str]:
    """Return what tells an encoder that is read otherwise than usual from the same one."""
    return {} if inputs.reading == USUAL else {"vector": inputs.reading.words}
