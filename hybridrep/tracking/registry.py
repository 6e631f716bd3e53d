"""The registry of best models: which version is `best`, which only a `candidate`, and why."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hybridrep.errors import TrackingError
from hybridrep.tracking import names
from hybridrep.tracking.models import LoggedModel
from hybridrep.tracking.server import Server, readable_errors
from hybridrep.tracking.writing import clip

BEST = "best"
CANDIDATE = "candidate"
CARD_LENGTH = 5_000
"""What the registry's database holds of a version's description."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Selection:
    """A model that was picked, with everything that says what it is worth."""

    name: str  # of the registered model, e.g. "hybridrep-bert-to-lstm"
    run_id: str
    seed: int
    study_key: str  # the study or sweep that it was picked from
    selected_by: str  # the criterion, e.g. "reconstructed_vs_target"
    score: float  # its value of the criterion; higher is better
    data_fingerprint: str  # of the data that the score was measured on
    digest: str  # of the model itself (`network_digest`)
    card: str  # Markdown: what it is, what it saw, its numbers, its limits
    tags: Mapping[str, str] = field(default_factory=dict)
    share_text: bool | None = None  # is the input example made of the data's texts? None: never
    texts: str = "texts"  # what people call these, e.g. "tweets"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name):
            raise TrackingError(
                f"{self.name!r} is no name for a registered model: use letters, digits, '.', "
                "'_' and '-'"
            )
        if not math.isfinite(self.score):
            raise TrackingError(
                f"the score of {self.name} ({self.selected_by}) is {self.score}: a model without "
                "a score cannot be compared with others and is not registered"
            )

    @property
    def identity(self) -> dict[str, str]:
        """The tags that make two versions the same model, judged in the same way.

        With and without texts are two: asking for one without must never give the other.
        """
        shown = self.share_text
        return {
            names.MODEL_DIGEST: self.digest,
            names.SELECTED_BY: self.selected_by,
            names.DATA_FINGERPRINT: self.data_fingerprint,
            "study_key": self.study_key,
            **({} if shown is None else {names.MODEL_SHARES_TEXT: str(shown).lower()}),
        }

    def is_in(self, tags: Mapping[str, str]) -> bool:
        """Tell whether a version's tags say that it is this model."""
        return self.identity.items() <= _complete(tags).items()

    def withdraws_text_of(self, tags: Mapping[str, str]) -> bool:
        """Tell whether it is a version's model again, now without texts."""
        if self.share_text is not False or _complete(tags)[names.MODEL_SHARES_TEXT] == "false":
            return False
        return replace(self, share_text=None).is_in(tags)


@dataclass(frozen=True)
class Registration:
    """What became of a selection; not new when the same, picked in the same way, was registered."""

    name: str
    version: str
    alias: str
    reason: str
    uri: str
    is_new: bool


ToRegister = tuple[Selection, Callable[[], LoggedModel]]
"""A model with its worth, and what writes it; not called when it is registered already."""


def register_models(server: Server, models: Sequence[ToRegister]) -> list[Registration]:
    """Register models and decide about the alias `best` of each.

    A model becomes `best` when there is none yet, or when its score is higher than the best one's
    under the same criterion on the same data, or when it is the best one without its texts;
    otherwise it becomes `candidate`, and `best` stays. The same model picked again in the same way
    stays one version. All are written before the first is registered: where one cannot be, none is.

    Raises:
        TrackingError: when the registry or the store of the models fails.
    """
    ready: list[str | LoggedModel] = []
    for selection, log_model in models:
        with readable_errors(server.uri, f"writing the model {selection.name}"):
            ready.append(_same_version(server, selection) or log_model())
    return [
        _register(server, selection, model)
        for (selection, _), model in zip(models, ready, strict=True)
    ]


def _register(server: Server, selection: Selection, model: str | LoggedModel) -> Registration:
    """Make a written model a version, unless it is one (its number); set its alias."""
    with readable_errors(server.uri, f"registering the model {selection.name}"):
        registered = _registered_model(server, selection.name)
        best = registered.get(BEST)
        version = model if isinstance(model, str) else _create_version(server, selection, model)
        alias, reason = _judge(server, selection, version, best)
        if registered.get(alias) != version:
            server.client.set_registered_model_alias(selection.name, alias, version)
    uri, is_new = f"models:/{selection.name}@{alias}", not isinstance(model, str)
    return Registration(selection.name, version, alias, reason, uri, is_new)


def _complete(tags: Mapping[str, str]) -> dict[str, str]:
    """Return a version's tags; one from before they said so may show texts."""
    return {names.MODEL_SHARES_TEXT: "true", **tags}


def _registered_model(server: Server, name: str) -> dict[str, str]:
    """Return a registered model's aliases, alias -> version that exists; make a missing model."""
    from mlflow.exceptions import MlflowException

    try:
        server.client.create_registered_model(
            name, description="Made by hybridrep; the alias `best` is the one to use."
        )
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    aliases = server.client.get_registered_model(name).aliases
    # MLflow before 3.17 leaves the alias of a version that was deleted.
    versions = server.client.search_model_versions(f"name = '{name}'")
    there = {str(version.version) for version in versions}
    return {alias: str(version) for alias, version in aliases.items() if str(version) in there}


def _same_version(server: Server, selection: Selection) -> str | None:
    versions = server.client.search_model_versions(f"name = '{selection.name}'")
    same = [int(each.version) for each in versions if selection.is_in(each.tags)]
    return str(max(same)) if same else None


def _create_version(server: Server, selection: Selection, model: LoggedModel) -> str:
    own = {"seed": str(selection.seed), "score": repr(float(selection.score))}
    if len(selection.card) > CARD_LENGTH:
        _logger.warning("the model card of %s is cut to %d characters", selection.name, CARD_LENGTH)
    version = server.client.create_model_version(
        selection.name, source=model.uri, run_id=selection.run_id, model_id=model.model_id,
        tags={**selection.tags, **selection.identity, **own},
        description=clip(selection.card, CARD_LENGTH),
    )  # fmt: skip
    return str(version.version)


def _judge(server: Server, selection: Selection, version: str, best: str | None) -> tuple[str, str]:
    """Return the alias that a version deserves, and why."""
    if best is None:
        return BEST, "there was no best model yet"
    if best == version:
        return BEST, f"it is version {best}, the best one, already"
    tags = server.client.get_model_version(selection.name, best).tags
    if tags.get(names.DATA_FINGERPRINT) != selection.data_fingerprint:
        return CANDIDATE, (
            f"the best model, version {best}, was judged on other data, so their scores cannot be "
            "compared"
        )
    if tags.get(names.SELECTED_BY) != selection.selected_by:
        return CANDIDATE, (
            f"the best model, version {best}, was selected by "
            f"{tags.get(names.SELECTED_BY, 'another criterion')!r}, not by "
            f"{selection.selected_by!r}"
        )
    if selection.withdraws_text_of(tags):
        reason = f"it is version {best}, the best one, without {selection.texts} in its example"
        return BEST, reason
    score = _number(tags.get("score", ""))
    if selection.score > score:
        return BEST, f"its score {selection.score:.4f} beats {score:.4f} of version {best}"
    return CANDIDATE, (
        f"its score {selection.score:.4f} does not beat {score:.4f} of version {best}, which "
        "stays the best"
    )


def _number(text: str) -> float:
    """Return a tag's number; a best version without one is beaten by any."""
    try:
        return float(text)
    except ValueError:
        return -math.inf
