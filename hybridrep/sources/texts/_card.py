"""What a repository's card, `README.md`, says: its configurations, their files, names of classes.

The `datasets` library resolves a card's patterns; the files are read by `files`, as any others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped
from hybridrep.sources.texts._layout import several_configurations
from hybridrep.sources.texts._saved import named_splits

CARD = "README.md"
"""Where a repository says which of its files are what."""

_CARD_DEPTH = 3
"""Data files stand no deeper in a card: a list of splits with a list of patterns each."""

ClassNames = Mapping[str, Sequence[str]]
"""Column -> the names of its numbers."""


@dataclass(frozen=True)
class Card:
    """What a card says of a corpus.

    Attributes:
        configurations: their names; none: it leaves that to the files' names.
        default: the one that is read where none is chosen, "" where there is none.
    """

    root: Path
    configurations: tuple[str, ...]
    default: str

    @classmethod
    def of(cls, root: Path) -> Card:
        """Read a folder's card, if it has one.

        Raises:
            Exception: it is malformed: whatever the libraries that read it raise.
        """
        from datasets.utils.metadata import MetadataConfigs

        said = _said(root)
        if said is None:
            return cls(root, (), "")
        configurations = MetadataConfigs.from_dataset_card_data(said)
        default = configurations.get_default_config_name() or ""
        return cls(root, tuple(map(str, configurations)), str(default))

    def choose(self, name: str, place: str) -> str:
        """Return the configuration that is read: the one that the user names, or the default.

        Raises:
            CorpusError: there is no such one, or there are several and none is the default.
        """
        if name and name not in self.configurations:
            found = ", ".join(map(escaped, self.configurations))
            raise CorpusError(f"{place} has no configuration {name!r}. There is: {found}.")
        if not (name or self.default):
            raise several_configurations(place, self.configurations)
        return name or self.default

    def files(self, name: str, place: str) -> list[tuple[PurePath, str]]:
        """Return the files of a configuration, relative to the root, with their splits.

        Raises:
            CorpusError: its splits are not clear.
            Exception: as `of`.
        """
        import datasets

        with tempfile.TemporaryDirectory() as scratch:
            builder = datasets.load_dataset_builder(str(self.root), name, cache_dir=scratch)
        patterns: Any = builder.config.data_files
        by_split = {str(split): [*map(str, files)] for split, files in patterns.items()}
        root = self.root.resolve()
        return [
            (Path(file).relative_to(root), split)
            for given, split in named_splits([*by_split], place).items()
            for file in by_split[given]
        ]

    def class_names(self, name: str) -> ClassNames:
        """Return the names that the card gives to numbered labels of a configuration.

        Raises:
            Exception: as `of`.
        """
        from datasets.info import DatasetInfosDict

        said = _said(self.root)
        if said is None:
            return {}
        infos = DatasetInfosDict.from_dataset_card_data(said)
        info = infos.get(name) or (next(iter(infos.values())) if len(infos) == 1 else None)
        features: Mapping[str, Any] = (info.features if info is not None else None) or {}
        return {
            str(column): tuple(map(str, feature.names))
            for column, feature in features.items()
            if getattr(feature, "names", None)
        }


def _said(root: Path) -> Any:
    """Return what a folder's card says to programs; None: there is no card, or it is prose."""
    from huggingface_hub import DatasetCard
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    card = root / CARD
    text = card.read_bytes().decode("utf-8") if card.is_file() else ""
    return DatasetCard(text).data if REGEX_YAML_BLOCK.search(text) else None


def check_card(root: Path, described: str) -> bool:
    """Tell whether a card is there and says anything; refuse one that names data elsewhere.

    The library that follows it would read any path and ask any address.
    """
    from datasets.config import METADATA_CONFIGS_FIELD

    card = _said(root)
    said = {} if card is None else card.to_dict()
    configurations = said.get(METADATA_CONFIGS_FIELD) or []
    for configuration in configurations if isinstance(configurations, list) else []:
        if isinstance(configuration, dict):
            for key in ("data_files", "data_dir"):
                for pattern in _strings(configuration.get(key), _CARD_DEPTH):
                    if _leads_outside(pattern):
                        raise CorpusError(
                            f"{described}, {CARD}: {key} names {pattern[:200]!r}, which may lie "
                            f"outside the repository; nothing else is read. Give a local "
                            "file or folder instead."
                        )
    return bool(said)


def _strings(value: Any, depth: int) -> Iterator[str]:
    """Yield every text inside lists and mappings, as deep as data files may stand."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict) and depth > 0:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part, depth - 1)
    elif value is not None:
        raise ValueError("data files are texts and lists of texts")


def _leads_outside(pattern: str) -> bool:
    """Tell whether a pattern is absolute, climbs, or names a protocol or a drive."""
    path = PurePosixPath(pattern.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in pattern or pattern.startswith("~")
