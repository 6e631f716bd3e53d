"""What goes into a logged model, and what does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hybridrep.sources.encoders.text import resolve_encoder
from hybridrep.studies.hybrid.register.logging import TextParts, write_parts
from hybridrep.testing.small_study import write_encoder
from hybridrep.tracking.models import Network


def test_of_the_encoder_s_folder_nothing_but_the_encoder_is_published(tmp_path: Path):
    encoder = write_encoder(tmp_path / "encoder", ("i feel fine",))
    (encoder / "merges.txt").write_text("#version: 0.2\n")
    needed = {file.name for file in encoder.iterdir()}
    secret = tmp_path / "secret.txt"
    secret.write_text("of nobody else")
    (encoder / "host.txt").symlink_to(secret)
    for name in ("train_tweets.txt", "trainer_state.json", "optimizer.safetensors", "more.model"):
        (encoder / name).write_text("i feel fine")
    (encoder / "results.json").mkdir()
    network = Network({}, {})
    (tmp_path / "model").mkdir()
    parts = TextParts(encoder, ["fine"], np.zeros((3, 2)), network, "global")
    written = Path(write_parts(tmp_path / "model", parts)["encoder"])
    assert {file.name for file in written.iterdir()} == needed
    found, expected = resolve_encoder(str(written)), resolve_encoder(str(encoder))
    assert found.fingerprint == expected.fingerprint
