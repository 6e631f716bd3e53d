"""Peak memory as seeds are added; as JSON, in MiB.

Linux only. The peak of `resource.getrusage` would be that of the process that started this one.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from hybridrep.execution.store import Store
from hybridrep.running import work
from hybridrep.running.stage import Reader, tasks_of
from hybridrep.studies.hybrid.names import ITEM_SETS
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.seed_data import SeedData
from hybridrep.testing.autoencoder_data import data
from hybridrep.transforms.autoencoder import AutoencoderConfig
from hybridrep.transforms.stacked import train_autoencoders

TWEETS, SIZES = 8_000, (384, 300)
GLOBAL = np.random.default_rng(0).standard_normal((TWEETS, SIZES[0]), dtype=np.float32)


def seed_data(_read: Reader, seed: int, _per_emotion: int) -> SeedData:
    """A seed's vectors of its own: 9 MiB."""
    rng = np.random.default_rng(seed)
    rows = SimpleNamespace(
        autoencoder_train=np.arange(64),
        autoencoder_test=np.arange(64, 96),
        items={name: np.arange(60) for name in ITEM_SETS},
    )
    own = rng.standard_normal((TWEETS, SIZES[1]), dtype=np.float32)
    return SeedData(seed, rows, np.zeros(TWEETS), {"global": GLOBAL, "task_specific": own})


def study(seeds: int, store: Store) -> float:
    """Peak after a study's autoencoders, group after group as a worker trains them."""
    variant = transformation.Variant("bert_to_lstm", 32, 1)
    for group in work.groups(range(seeds)):
        nodes = [
            transformation.STAGE.node(transformation.train, variant, seed, seeds, stack="one")
            for seed in group
        ]
        (task,) = tasks_of(nodes)
        task.function(store, task.payload, task.produces)
    return peak()


def stack(seeds: int) -> float:
    """Peak after a stack of models of 33 MiB of parameters, moments and copies each."""
    config = AutoencoderConfig(768, 300, 128, epochs=1)
    train_autoencoders(config, data(seeds, 768, 300, train=32), memory=2**40)
    return peak()


def peak() -> float:
    """Return the peak since the last call."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def main(folder: Path) -> None:
    transformation.seed_data = seed_data
    torch.set_num_threads(1)
    store = Store(folder)
    studies = {seeds: study(seeds, store) for seeds in (5, 5, 20)}
    sys.stdout.write(json.dumps({"study": studies, "stack": {n: stack(n) for n in (4, 8, 16)}}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
