"""What may be told from networks of many seeds: which groups of them are set against each other.

Networks are only compared while they are told the same task, one of the least n. What is asked of
several tasks is asked of the mean of their similarities, over the tasks that all groups know: so
never of one network's three tasks against another's one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hybridrep.studies.nback.names import UNTRAINED, tasks_in_diet, tasks_of


@dataclass(frozen=True)
class Kind:
    """One network of every seed: its name (`gru`, `rnn-256`), architecture and diet."""

    name: str
    architecture: str
    diet: str

    @property
    def place(self) -> str:
        """How people read it: `gru/mtmf`."""
        return f"{self.name}/{self.diet}"


@dataclass(frozen=True)
class Question:
    """Groups to be told apart.

    Attributes:
        what: `architecture`, `size` or `diet`: what the groups differ in.
        held: what they have in common: the diet, or the network's name.
        groups: their names.
        tasks: what networks are told, by name: the tasks that every group knows.
        members: for each task, the number of each group's kind.
    """

    what: str
    held: str
    groups: tuple[str, ...]
    tasks: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]


def known_tasks(kind: Kind, n_back: Sequence[int]) -> tuple[str, ...]:
    """Return the names of the tasks of the least n that a kind was trained on (untrained: all).

    Example:
        >>> known_tasks(Kind("gru", "gru", "stsf_1I"), [1, 2])
        ('1back_identity',)
    """
    least = min(n_back)
    return tuple(task.name for task in tasks_in_diet(kind.diet, n_back) if task.n == least)


def left_out(kinds: Sequence[Kind], n_back: Sequence[int]) -> tuple[str, ...]:
    """Return the places of the kinds that know no task of the least n."""
    return tuple(kind.place for kind in kinds if not known_tasks(kind, n_back))


def questions(kinds: Sequence[Kind], n_back: Sequence[int]) -> list[Question]:
    """Return everything that can be asked of some kinds of network.

    Architectures among main sizes of one diet, the untrained too, as a control; sizes of an
    architecture; diets of one network, where `stsf` is, for each task, the network of that task.

    Example:
        >>> made = [Kind(name, name, diet) for name in ("rnn", "gru")
        ...         for diet in ("mtmf", "untrained")] + [Kind("gru", "gru", "stsf_1I")]
        >>> [(each.what, each.held, each.groups, len(each.tasks)) for each in questions(made, [1])]
        ... # doctest: +NORMALIZE_WHITESPACE
        [('architecture', 'mtmf', ('rnn', 'gru'), 3),
         ('architecture', 'untrained', ('rnn', 'gru'), 3),
         ('diet', 'gru', ('mtmf', 'stsf'), 1)]
    """
    found = []
    for diet in dict.fromkeys(kind.diet for kind in kinds):
        own = {
            kind.architecture: [place]
            for place, kind in enumerate(kinds)
            if kind.diet == diet and kind.name == kind.architecture
        }
        found.append(_question("architecture", diet, own, kinds, n_back))
    for architecture in dict.fromkeys(kind.architecture for kind in kinds):
        own = {
            kind.name: [place]
            for place, kind in enumerate(kinds)
            if kind.architecture == architecture and kind.diet == "mtmf"
        }
        found.append(_question("size", architecture, own, kinds, n_back))
    for name in dict.fromkeys(kind.name for kind in kinds):
        groups: dict[str, list[int]] = {}
        for place, kind in enumerate(kinds):
            if kind.name == name and kind.diet != UNTRAINED and known_tasks(kind, n_back):
                groups.setdefault(kind.diet.partition("_")[0], []).append(place)
        found.append(_question("diet", name, groups, kinds, n_back))
    return [each for each in found if len(each.groups) > 1 and each.tasks]


def _question(
    what: str, held: str, groups: dict[str, list[int]], kinds: Sequence[Kind],
    n_back: Sequence[int],
) -> Question:  # fmt: skip
    """Set groups against each other on the tasks that all of them know."""
    tasks, members = [], []
    for task in [each.name for each in tasks_of([min(n_back)])]:
        own = [
            next((place for place in places if task in known_tasks(kinds[place], n_back)), None)
            for places in groups.values()
        ]
        chosen = tuple(place for place in own if place is not None)
        if len(chosen) == len(groups):
            tasks.append(task)
            members.append(chosen)
    return Question(what, held, tuple(groups), tuple(tasks), tuple(members))
