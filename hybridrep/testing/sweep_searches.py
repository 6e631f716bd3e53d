"""Searches without trainings: points have made-up values."""

import math

from hybridrep.sweeping.search import Rules, Search
from hybridrep.sweeping.space import Axis, Space
from hybridrep.sweeping.storage import open_storage, open_study


def toy_space(sizes=(8, 16), epochs=(10, 30), rates=(0.001, 0.001), shapes=("round",)) -> Space:
    axes = (
        Axis.choice("size", sizes),
        Axis.whole("epochs", *epochs, step=10),
        Axis.magnitude("rate", *rates),
        Axis.choice("shape", shapes),
    )
    return Space(axes, nesting=("shape", "rate", "size", "epochs"))


SPACE = toy_space()
CONTINUOUS = toy_space(epochs=(1, 40), rates=(1e-4, 1e-2), shapes=("round", "square"))
ALIVE, DEAD = {"pid": "1"}, {"pid": "2"}


def search(journal, sampler="grid", trials=6, space=SPACE, owner=ALIVE, objectives=("t",)):
    """A search in a storage of its own, as another process opens it."""
    storage = open_storage(str(journal), journal)
    study = open_study(storage, "sweep", {"space": "s"}, len(objectives))
    rules = Rules(sampler, trials, objectives)
    return Search("there", study, space, rules, owner, lambda one: one == DEAD)


def value(point) -> float:
    return point["size"] / 16 - abs(point["epochs"] - 25) / 100 - abs(math.log(point["rate"]))


def finish(searching, asked) -> None:
    for each in asked:
        searching.complete(each, {"t": value(each.point), "d": -value(each.point)})


def work(searching, batch=3) -> None:
    searching.resume()
    while asked := searching.ask(batch):
        finish(searching, asked)
