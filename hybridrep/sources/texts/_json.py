"""JSON: an object a line, a list of objects, or the columns as pandas writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped
from hybridrep.sources.texts._lines import numbered_lines
from hybridrep.sources.texts._tables import Item
from hybridrep.sources.texts.rows import SPLIT_WORDS, ColumnChoice, columns_text

FORMS = (
    'a list of objects such as [{"text": "...", "label": "..."}], such an object a line, or '
    '{"text": [...], "label": [...]}'
)
"""What a .json file may hold, for messages."""


def json_line_items(text: str, place: str, choice: ColumnChoice) -> Iterator[Item]:
    """Read one JSON object per line; the first one's keys are the columns."""
    found: list[tuple[int, Mapping[str, Any]]] = []
    for number, line in numbered_lines(text):
        if not line.strip():
            continue
        try:
            record = _parsed(line)
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{place}, line {number}: not JSON ({error}).") from error
        if not isinstance(record, dict):
            raise CorpusError(
                f"{place}, line {number}: not a JSON object such as "
                '{"text": "...", "label": "..."}.'
            )
        found.append((number, record))
    yield from _record_items(found, place, "line", choice)


def _parsed(text: str) -> Any:
    """Read JSON; of a name that stands twice in an object nothing says which value counts."""
    return json.loads(text, object_pairs_hook=_named_once)


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the name {twice!r} twice: remove one")
    return found


def json_parts(text: str, place: str, choice: ColumnChoice) -> tuple[str, dict[str, list[Item]]]:
    """Read a whole JSON text: the unit that its numbers count, and per split ("": none) its items.

    Raises:
        CorpusError: it is not JSON, or of none of the forms that are read.
    """
    try:
        value = _parsed(text)
    except (ValueError, RecursionError) as error:
        if _is_lines(text):
            return "line", {"": list(json_line_items(text, place, choice))}
        said = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
        raise CorpusError(f"{place}, {said}not JSON ({error}). Expected is {FORMS}.") from error
    if isinstance(value, dict) and choice.fits([*map(str, value)]) and _is_one_record(value):
        return "line", {"": list(json_line_items(json.dumps(value), place, choice))}
    parts = _split_parts(value)
    return "record", {
        split: list(_value_items(part, f"{place}{f' ({split})' if split else ''}", choice))
        for split, part in (parts or {"": value}).items()
    }


def _is_lines(text: str) -> bool:
    """Tell whether the first line that is not empty is an object by itself."""
    first = next((line for _, line in numbered_lines(text) if line.strip()), "")
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _is_one_record(value: Mapping[str, Any]) -> bool:
    return not any(isinstance(part, list | dict) for part in value.values())


def _split_parts(value: Any) -> dict[str, Any]:
    """Return the parts of {"train": [...], "test": [...]}, training first; else nothing."""
    if not isinstance(value, dict) or not value:
        return {}
    splits = {str(key): SPLIT_WORDS.get(str(key).strip().lower(), "") for key in value}
    if not all(splits.values()) or len(set(splits.values())) < len(splits):
        return {}
    order = sorted(splits, key=lambda key: ("train", "validation", "test").index(splits[key]))
    return {splits[key]: value[key] for key in order}


def _value_items(value: Any, place: str, choice: ColumnChoice) -> Iterator[Item]:
    if isinstance(value, dict) and choice.fits([*map(str, value)]):
        yield from _column_items(value, place, choice)
        return
    records = _records_in(value)
    if records is None:
        raise CorpusError(f"{place}: {_what_it_is(value).rstrip('.')}. Expected is {FORMS}.")
    yield from _record_items(list(enumerate(records, 1)), place, "record", choice)


def _records_in(value: Any) -> Sequence[Mapping[str, Any]] | None:
    """Find a list of objects: the value itself, its values, or the only list that it holds."""
    if isinstance(value, dict):
        if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
            names = [*map(str, value["columns"])]
            rows = value["data"]
            if all(isinstance(row, list) and len(row) == len(names) for row in rows):
                return [dict(zip(names, row, strict=True)) for row in rows]
            return None
        lists = [part for part in value.values() if isinstance(part, list) and part]
        lists = [part for part in lists if all(isinstance(row, dict) for row in part)]
        if isinstance(value.get("data"), list) and "schema" in value:  # pandas' orient="table"
            value = value["data"]
        elif len(lists) == 1:
            value = lists[0]
        elif not lists and value and all(isinstance(part, dict) for part in value.values()):
            value = [*value.values()]
    if isinstance(value, list) and all(isinstance(record, dict) for record in value):
        return value
    return None


def _what_it_is(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object of another form. {columns_text([*map(str, value)])}"
    if isinstance(value, list):
        return "a list, but not of objects"
    return f"a single value of the type {type(value).__name__}"


def _column_items(value: Mapping[str, Any], place: str, choice: ColumnChoice) -> Iterator[Item]:
    """Read {"text": [...], "label": [...]}, or the same with {"0": ...} for lists."""
    names = list(value)
    columns = choice.find([*map(str, names)], f"{place}")
    chosen = [value[names[column]] for column in columns if column >= 0]
    if all(isinstance(column, dict) for column in chosen):
        if any(column.keys() != chosen[0].keys() for column in chosen):
            raise CorpusError(f"{place}: the columns' keys differ. Expected is {FORMS}.")
        chosen = [[column[key] for key in chosen[0]] for column in chosen]
    if not all(isinstance(column, list) for column in chosen):
        raise CorpusError(f"{place}: the columns are no lists. Expected is {FORMS}.")
    if len({len(column) for column in chosen}) > 1:
        sizes = " and ".join(str(len(column)) for column in chosen)
        raise CorpusError(f"{place}: the columns have {sizes} values. They must be as many.")
    splits = chosen[2] if len(chosen) > 2 else [None] * len(chosen[0])
    for number, (text, label, split) in enumerate(zip(*chosen[:2], splits, strict=True), 1):
        yield number, text, label, split


def _record_items(
    records: Sequence[tuple[int, Mapping[str, Any]]], place: str, unit: str, choice: ColumnChoice
) -> Iterator[Item]:
    """Read objects, each with its number; the first one's keys are the columns."""
    if not records:
        return
    number, first = records[0]
    keys = list(first)
    columns = choice.find(keys, f"{place}, {unit} {number},")
    chosen = [keys[column] for column in columns if column >= 0]
    for number, record in records:
        for key in chosen:
            if key not in record:
                raise CorpusError(
                    f"{place}, {unit} {number}: no {escaped(repr(key))}, which other {unit}s have."
                )
        split = record[chosen[2]] if len(chosen) > 2 else None
        yield number, record[chosen[0]], record[chosen[1]], split
