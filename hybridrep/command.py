"""Entry points, run from a command line or from Python: the same checks, messages and errors.

    hybridrep full -P seeds=3            python -m entrypoints.full --seeds 3

    import hybridrep
    tables = hybridrep.run("full", seeds=3)

`hybridrep.errors.EXIT_CODES` says what each exit code means.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from hybridrep.errors import HybridrepError, ParameterError
from hybridrep.execution.signals import Terminated, terminate_cleanly
from hybridrep.execution.terminal import forgiving_output
from hybridrep.messages import escaped, has_password, without_passwords
from hybridrep.parameters import Parameters, default_of, is_given, resolve, shown, value_as_text
from hybridrep.studies.catalogue import CATALOGUE, Catalogue, EntryPoint, did_you_mean


def run(entry_point: str, /, *, catalogue: Catalogue = CATALOGUE, **parameters: object) -> Any:
    """Run an entry point as its command would, and return what it made.

    Args:
        entry_point: its name: `full`, `lstm`, `sweep`, ...
        catalogue: the studies to look among.
        parameters: as the command takes them, as text or as Python's values: `seeds=3`,
            `seeds=[0, 3]`, `bottlenecks=[32, 64]`, `plan=True`.

    Returns:
        Its tables: of `full`, of `report` and of a stage a study's tables, as `load_study` returns
        them; of `sweep` its results; of `register` and `compare` what they made. With `plan=True`
        the plan's table; then nothing is run.

    Raises:
        HybridrepError: with the message that the command would leave with.
    """
    entry = catalogue.entry_point(entry_point)
    with terminate_cleanly(), forgiving_output(), _runs_of_its_own():
        given = {name: _as_written(value) for name, value in parameters.items()}
        checked = _checked(entry, given, catalogue)  # before anything heavy is imported
        return entry.function(checked)


def _as_written(value: object) -> object:
    """Return a value of Python as `resolve` reads it; lists stay what they are, `[7]` no count."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return tuple(map(value_as_text, value))
    return value_as_text(value)


@contextmanager
def _runs_of_its_own() -> Iterator[None]:
    """Leave the run alone that `mlflow run` made for the notebook or script around this.

    It is its caller's, who may log into it; an entry point would take it over and close it.
    """
    project_run = os.environ.pop("MLFLOW_RUN_ID", None)
    try:
        yield
    finally:
        if project_run is not None:
            os.environ["MLFLOW_RUN_ID"] = project_run


def main(name: str) -> None:
    """Run an entry point, or `store`, with the program's arguments; leave with the exit code."""
    _leave(_named(name, CATALOGUE))


def installed() -> None:
    """Run what `hybridrep NAME` names: an entry point, or `store`."""
    _leave(Installed())


def _leave(entry: click.Command) -> None:
    gc.set_threshold(50_000, 20)  # a fifth of the imports' time went into looking for garbage
    with forgiving_output():
        code = exit_code(entry)
    gc.freeze()  # at its end Python looks through all objects for cycles, which takes seconds
    sys.exit(code)


STORE = "store"
"""The command that is no entry point: it shows and prunes finished results."""


def _named(name: str, catalogue: Catalogue) -> click.Command:
    if name != STORE:
        return command(name, catalogue=catalogue)
    from hybridrep.running.store_command import store

    return store


_HELP = "Studies of neural representations; `hybridrep NAME --help` lists what NAME takes."


@click.pass_context
def _show_help(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


class Installed(click.Group):
    """The command `hybridrep`: all entry points, made when they are asked for."""

    def __init__(self, catalogue: Catalogue = CATALOGUE) -> None:
        super().__init__("hybridrep", help=_HELP, invoke_without_command=True, callback=_show_help)
        self._catalogue = catalogue
        click.version_option(package_name="hybridrep")(self)

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the names of all."""
        return [*self._catalogue.entry_points, STORE]

    def get_command(self, _: click.Context, name: str) -> click.Command:
        """Return one of them."""
        return _named(name, self._catalogue)


def command(
    name: str, function: Callable[[Any], object] | None = None, catalogue: Catalogue = CATALOGUE
) -> click.Command:
    """Make the command line of an entry point: an option per parameter, listed if it bears on it.

    A `function` takes the resolved parameters instead of what the entry point runs.
    """
    entry = catalogue.entry_point(name)
    bearing = catalogue.bearing(entry)
    order = [*bearing, *(each for each in entry.parameters.model_fields if each not in bearing)]
    options = [_option(each, entry.parameters, hidden=each not in bearing) for each in order]
    pairs = click.Option(
        ["-P", "pairs"], multiple=True, metavar="NAME=VALUE",
        help="A parameter as `mlflow run` takes it; may be repeated.",
    )  # fmt: skip
    place = click.Option(
        ["--experiment-name", "experiment"], metavar="NAME",
        help="The MLflow experiment to log into, as `mlflow run` takes it.  [hybridrep]",
    )  # fmt: skip

    def callback(pairs: Sequence[str], experiment: str | None, **given: object) -> None:
        if experiment:
            os.environ["MLFLOW_EXPERIMENT_NAME"] = experiment
        paired = [*map(_pair, pairs)]
        for name, _ in paired:  # a pair beats an option, but not another pair
            given[name] = _only(name, [value for each, value in paired if each == name])
        checked = _checked(entry, given, catalogue)  # before anything heavy is imported
        (function or entry.function)(checked)

    return _Command(entry, catalogue, [*options, pairs, place], callback)


class _Command(click.Command):
    """An entry point's command; an option that it does not have is refused as a parameter is."""

    def __init__(
        self, entry: EntryPoint, catalogue: Catalogue, options: list[click.Option],
        callback: Callable[..., None],
    ) -> None:  # fmt: skip
        text = f"{entry.does[0].upper()}{entry.does[1:]}."
        super().__init__(entry.name, params=[*options], callback=callback, help=text)
        self._entry, self._catalogue = entry, catalogue

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Read the arguments."""
        try:
            return super().parse_args(context, arguments)
        except click.NoSuchOption as error:
            name = error.option_name.lstrip("-").replace("-", "_")
            raise _refusal(name, self._entry, self._catalogue) from None


def _checked(entry: EntryPoint, given: Mapping[str, object], catalogue: Catalogue) -> Parameters:
    """Resolve what is given to an entry point, and say what of it has no effect there."""
    for name in given:
        if name not in entry.parameters.model_fields:
            raise _refusal(name, entry, catalogue)
    _refuse_recorded_passwords(given)
    found = resolve(given, entry.parameters)
    bearing = catalogue.bearing(entry)
    names = entry.parameters.model_fields
    if idle := [name for name in names if is_given(given.get(name)) and name not in bearing]:
        click.echo(f"no effect on `{entry.name}`: {', '.join(idle)}")
    return found


def _refusal(name: str, entry: EntryPoint, catalogue: Catalogue) -> ParameterError:
    """Return the error about what an entry point does not take: whose it is, or what is near."""
    if owner := catalogue.owner_of(name, entry):
        return ParameterError(
            f"parameter {name} belongs to {owner}: `{entry.name}` does not take it"
        )
    return ParameterError(_unknown(name, entry.parameters.model_fields, catalogue.bearing(entry)))


def _unknown(wrong: str, names: Iterable[str], listed: Iterable[str]) -> str:
    """Return the message about a name that is no parameter: the nearest one, and all there are."""
    near = did_you_mean(wrong, names)
    return f"unknown parameter {shown(wrong)}{near}; the parameters are: {', '.join(listed)}"


def _only(name: str, values: Sequence[object]) -> object:
    """Return what a parameter is given, however often; None: it is not. Two values are refused."""
    if len(distinct := dict.fromkeys(values)) > 1:
        both = " and ".join(map(shown, distinct))
        raise ParameterError(f"parameter {name} is given more than once, as {both}: leave one")
    return next(iter(distinct), None)


def _pair(text: str) -> tuple[str, str]:
    """Split NAME=VALUE at its first sign of equality."""
    name, sign, value = text.partition("=")
    if not sign:
        raise ParameterError(f"-P {shown(text)} is not NAME=VALUE, e.g. -P seeds=5")
    return name.strip(), value


def _option(parameter: str, model: type[Parameters], *, hidden: bool) -> click.Option:
    quickstart, paper = (default_of(parameter, p, model) for p in ("quickstart", "paper"))
    defaults = f"{quickstart}" if quickstart == paper else f"{quickstart}; paper: {paper}"
    text = f"{model.model_fields[parameter].description}  [{defaults}]".replace("`", "")
    names = dict.fromkeys([f"--{parameter}", f"--{parameter.replace('_', '-')}"])
    return click.Option(
        [*names, parameter], help=text, metavar="VALUE", hidden=hidden, multiple=True,
        callback=lambda _, option, values: _only(option.name, values),
    )  # fmt: skip


def exit_code(entry: click.Command, arguments: Sequence[str] | None = None) -> int:
    """Run a command line (the program's own, unless given) and return what to leave with."""
    if not os.environ.get("COLUMNS", "80").strip("0"):  # as wide, rich would print nothing at all
        del os.environ["COLUMNS"]
    try:
        Path.cwd()
    except FileNotFoundError:
        return _say("the current folder is not there any more: change into one that is", 2)
    try:
        with terminate_cleanly():
            entry.main(args=arguments, standalone_mode=False)
    except click.NoSuchOption as error:  # of `store`; entry points refuse their own
        known = (error.ctx.command if error.ctx else entry).params
        names = [option.name or "" for option in known]
        return _say(_unknown(error.option_name.lstrip("-").replace("-", "_"), names, names), 2)
    except click.ClickException as error:
        text = error.format_message()
        form = ". Every parameter is given as -P NAME=VALUE, without spaces: -P seeds=5"
        return _say(f"{text}{form}" if "extra argument" in text else text, 2)
    except HybridrepError as error:
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        end = error.__cause__ or error  # click turns interrupts into Abort
        code = end.exit_code if isinstance(end, Terminated) else 130
        reason = str(end) if isinstance(end, Terminated) else "interrupted"
        return _say(f"{reason}; the same command goes on from what is finished", code)
    return 0


def _refuse_recorded_passwords(given: Mapping[str, object]) -> None:
    """Refuse a password in a parameter that `mlflow run` has printed and recorded already."""
    run_id = os.environ.get("MLFLOW_RUN_ID")
    for name, value in given.items():
        if run_id and value and has_password(value_as_text(value)):
            raise ParameterError(
                f"parameter {name} holds a password, and `mlflow run` has printed it and recorded "
                f"it in the run {run_id}: change the password, delete that run (`mlflow runs "
                f"delete --run-id {run_id}`, then `mlflow gc`), and give the new one outside of "
                "the parameters, for PostgreSQL in ~/.pgpass or PGPASSWORD"
            )


def _say(message: str, code: int) -> int:
    addresses = [os.environ.get(f"MLFLOW_{kind}_URI", "") for kind in ("TRACKING", "REGISTRY")]
    text = escaped(without_passwords(message, *addresses), keep="\n\t")
    click.echo(f"hybridrep: {text}", err=True)
    return code
