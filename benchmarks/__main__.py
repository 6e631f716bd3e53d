"""Run the benchmarks: `python -m benchmarks [names...] [--rounds N]`.

Without names all parts run, but not `scale`, the table of how time and memory grow: it takes longer
and has no plain side.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click
from rich.console import Console

from benchmarks.harness import Part, run
from benchmarks.scale import run_scale

MODULES = {
    "autoencoder_b32": "autoencoder",
    "autoencoder_b256": "autoencoder",
    "lstm_epoch": "lstm",
    "lstm_extract": "lstm",
    "transfer": "transfer",
    "fusion_joint": "fusion",
    "fusion_joint_alone": "fusion",
    "fusion_matched": "fusion",
    "fusion_matched_alone": "fusion",
    "rsa": "rsa",
    "encoder": "encoder",
    "nback_features": "nback_features",
    "bootstrap": "report",
    "report_25": "report",
    "measures_cka": "measures",
    "measures_knn": "measures",
    "measures_procrustes": "measures",
    "measures_procrustes_32": "measures",
    "measures_bootstrap": "measures",
    "nback_train": "nback",
    "nback_decode": "nback_decode",
}
"""Part -> the module of this package whose `parts()` holds it."""

SCALE = "scale"

LATEST = Path(__file__).with_name("latest.json")


def select(names: tuple[str, ...]) -> list[Part]:
    """Return the parts of these names in the order of `MODULES`; all if there are none.

    `scale` is no part and passed over.

    Raises:
        click.BadParameter: a name is unknown.
    """
    unknown = [name for name in names if name not in (*MODULES, SCALE)]
    if unknown:
        known = ", ".join((*MODULES, SCALE))
        raise click.BadParameter(f"no part {', '.join(unknown)}; there are {known}")
    wanted = [name for name in MODULES if name in names or not names]
    found: dict[str, Part] = {}
    for module in dict.fromkeys(MODULES[name] for name in wanted):
        loaded = importlib.import_module(f"benchmarks.{module}")
        found.update((part.name, part) for part in loaded.parts())
    return [found[name] for name in wanted if name in found]


@click.command()
@click.argument("names", nargs=-1)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--output", default=LATEST, show_default=True, type=click.Path(dir_okay=False, path_type=Path)
)
def main(names: tuple[str, ...], rounds: int, output: Path) -> None:
    """Time plain against fast for the NAMED parts, or for all; `scale` only if it is named.

    Ends with exit code 1 where the two sides of a part differ by more than rounding.
    """
    console = Console()
    parts = select(names)
    entries = run(parts, rounds, output, console) if parts else {}
    if SCALE in names:
        run_scale(output, console)
    if not all(entries[part.name]["agrees"] for part in parts):
        sys.exit(1)


if __name__ == "__main__":
    main()
