"""Searches without trainings: points have made-up values."""

import math

from hybridrep.studies.hybrid.sweep.space import Space
from hybridrep.sweeping.search import Rules, Search
from hybridrep.sweeping.storage import open_storage, open_study

SPACE = Space((8, 16), (10, 30), (0.001, 0.001), ("relu",), ("convolutional",))
CONTINUOUS = Space((8, 16), (1, 40), (1e-4, 1e-2), ("relu", "tanh"), ("convolutional",))
ALIVE, DEAD = {"pid": "1"}, {"pid": "2"}


def search(journal, sampler="grid", trials=6, space=SPACE, owner=ALIVE, objectives=("t",)):
    """A search in a storage of its own, as another process opens it."""
    storage = open_storage(str(journal), journal)
    study = open_study(storage, "sweep", {"space": "s"}, len(objectives))
    rules = Rules(sampler, trials, objectives)
    return Search("bert_to_lstm", study, space, rules, owner, lambda one: one == DEAD)


def value(point) -> float:
    return point.bottleneck / 16 - abs(point.epochs - 25) / 100 - abs(math.log(point.learning_rate))


def finish(searching, asked) -> None:
    for each in asked:
        searching.complete(each, {"t": value(each.point), "d": -value(each.point)})


def work(searching, batch=3) -> None:
    searching.resume()
    while asked := searching.ask(batch):
        finish(searching, asked)
