"""Results to store, and ways to damage them, for the tests of the store."""

import os

import numpy as np
import pandas as pd

from hybridrep.testing.execution_tasks import key

ARRAYS = {"states": {"weight": np.arange(12, dtype=np.float32).reshape(3, 4), "n": np.array(3)}}
TABLE = pd.DataFrame({"seed": [0, 1], "name": ["a", None], "value": [0.5, float("nan")]})


def fill(store, name, **more):
    more = {"stage": "lstm", "inputs": {"seed": 3}, "arrays": ARRAYS, "seconds": 2.5, **more}
    store.write(key(name), **more)
    return store.root / more["stage"] / key(name)[:2] / key(name)


def left_behind(store):
    return [p.name for p in store.temporary.iterdir()] if store.temporary.exists() else []


def damage_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def append_byte(path):
    with path.open("ab") as file:
        file.write(b"x")


DAMAGES = {
    "a byte changed": lambda f: damage_byte(f / "states.safetensors"),
    "cut": lambda f: os.truncate(f / "states.safetensors", 10),
    "grown": lambda f: append_byte(f / "states.safetensors"),
    "empty": lambda f: os.truncate(f / "states.safetensors", 0),
    "file gone": lambda f: (f / "states.safetensors").unlink(),
    "manifest changed": lambda f: damage_byte(f / "manifest.json"),
    "manifest cut": lambda f: os.truncate(f / "manifest.json", 100),
    "manifest empty": lambda f: os.truncate(f / "manifest.json", 0),
    "manifest gone": lambda f: (f / "manifest.json").unlink(),
    "manifest no mapping": lambda f: (f / "manifest.json").write_text("[1]"),
    "manifest NULs": lambda f: (f / "manifest.json").write_bytes(bytes(300)),
    "other key": lambda f: f.rename(f.parent / (f.name[:2] + "0" * 62)),
}
