"""Pickles that leave a trace when they are loaded."""

import io
import pickle
from pathlib import Path

import numpy as np


class _Bomb:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return (Path.touch, (self.trace,))


def pickle_bomb(trace: Path) -> bytes:
    """A pickle that makes the file `trace` when it is loaded."""
    return pickle.dumps(_Bomb(trace))


def npz_bomb(trace: Path, *names: str) -> bytes:
    """An npz archive whose arrays make the file `trace` when they are unpickled."""
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.array([_Bomb(trace)], dtype=object) for name in names})
    return buffer.getvalue()
