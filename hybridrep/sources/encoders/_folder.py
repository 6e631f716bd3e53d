"""The folder of a model in Hugging Face format: its weights found and checked, no code run."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from hybridrep.errors import EncoderError
from hybridrep.messages import escaped

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
_LARGE_FILE_POINTER = b"version https://git-lfs"


def check_regular(folder: Path) -> None:
    """Refuse pipes and devices before anything reads them: it might never end."""
    for file in folder.iterdir():
        if file.exists() and not (file.is_file() or file.is_dir()):
            raise EncoderError(
                f"{folder / escaped(file.name)} is no regular file but, for example, a pipe or a "
                "device. Remove it from the encoder's folder, or save what it gives to a file."
            )


def weight_files(folder: Path, alternatives: str) -> list[Path]:
    """Return the weight files: the single one, or the shards that the index names."""
    if (folder / WEIGHTS_FILE).is_file():
        return [folder / WEIGHTS_FILE]
    if not (folder / WEIGHTS_INDEX).is_file():
        raise EncoderError(_no_weights(folder, alternatives))
    shards = read_json(folder / WEIGHTS_INDEX, alternatives).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise EncoderError(f"{folder / WEIGHTS_INDEX} has no `weight_map` that names the shards.")
    names = sorted({str(name) for name in shards.values()})
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise EncoderError(
                f"{folder / WEIGHTS_INDEX} names {name!r}, which is no safetensors file of the "
                "same folder."
            )
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise EncoderError(f"The encoder folder {folder} lacks {', '.join(map(escaped, missing))}.")
    return [folder / name for name in names]


def _no_weights(folder: Path, alternatives: str) -> str:
    message = f"The encoder folder {folder} has no weights: {WEIGHTS_FILE} is missing"
    if others := ", ".join(sorted(escaped(file.name) for file in folder.glob("*.safetensors"))):
        return f"{message} (it has {others}, which is not the name that is read)."
    if (folder / "pytorch_model.bin").is_file():
        code = (
            "from transformers import AutoModel as M, AutoTokenizer as T; "
            f"f = {str(folder)!r}; "
            "M.from_pretrained(f).save_pretrained('NEW'); "
            "T.from_pretrained(f).save_pretrained('NEW')"
        )
        return (
            f"{message}. It has pytorch_model.bin, a pickle, which is never loaded here. If you "
            f"trust it, convert it once: python -c {shlex.quote(code)}, and give the folder NEW."
        )
    return f"{message}. {alternatives}"


def check_weights(file: Path) -> None:
    """Refuse a file that is cut off or no safetensors; reads only its header."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np") as tensors:
            tensors.keys()
    except (SafetensorError, OSError) as error:
        with file.open("rb") as opened:
            is_pointer = opened.read(len(_LARGE_FILE_POINTER)) == _LARGE_FILE_POINTER
        advice = "It is a Git LFS pointer: run `git lfs pull`." if is_pointer else "Fetch it again."
        raise EncoderError(f"The weights {file} cannot be read ({error}). {advice}") from error


def read_json(file: Path, alternatives: str) -> dict[str, Any]:
    """Read a JSON object; where the file is missing, say what to give instead."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EncoderError(
            f"The encoder folder {file.parent} has no {file.name}: it is not in Hugging Face "
            f"format. {alternatives}"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise EncoderError(f"{file} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise EncoderError(f"{file} holds no JSON object.")
    return content
