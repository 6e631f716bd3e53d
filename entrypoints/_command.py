"""What all entry points share: options made from the configuration, messages, exit codes.

`hybridrep.errors.EXIT_CODES` says what each code means.
"""

from __future__ import annotations

import difflib
import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from hybridrep.errors import HybridrepError, ParameterError
from hybridrep.execution.signals import Terminated, terminate_cleanly
from hybridrep.messages import escaped, has_password, without_passwords
from hybridrep.parameters import Parameters, default_of, parameters, resolve, shown
from hybridrep.studies.hybrid.config import Config


def command(
    name: str, description: str, run: Callable[[Any], object], model: type[Parameters] = Config
) -> click.Command:
    """Make the command line of one entry point, an option per parameter of `model`."""
    options = [_option(parameter, model) for parameter in parameters(model)]
    pairs = click.Option(
        ["-P", "pairs"], multiple=True, metavar="NAME=VALUE",
        help="A parameter as `mlflow run` takes it; may be repeated.",
    )  # fmt: skip

    def callback(pairs: Sequence[str], **given: str | None) -> None:
        given |= dict(map(_pair, pairs))
        for wrong in given.keys() - model.model_fields:
            raise ParameterError(_unknown(wrong, list(model.model_fields)))
        _refuse_recorded_passwords(given)
        run(resolve(given, model))

    return click.Command(name, params=[*options, pairs], callback=callback, help=description)


def _pair(text: str) -> tuple[str, str]:
    """Split NAME=VALUE at its first sign of equality.

    Raises:
        ParameterError: there is none.
    """
    name, sign, value = text.partition("=")
    if not sign:
        raise ParameterError(f"-P {shown(text)} is not NAME=VALUE, e.g. -P seeds=5")
    return name.strip(), value


def _option(parameter: str, model: type[Parameters]) -> click.Option:
    quickstart, paper = (default_of(parameter, p, model) for p in ("quickstart", "paper"))
    defaults = f"{quickstart}" if quickstart == paper else f"{quickstart}; paper: {paper}"
    text = f"{model.model_fields[parameter].description}  [{defaults}]"
    names = dict.fromkeys([f"--{parameter}", f"--{parameter.replace('_', '-')}"])
    return click.Option([*names, parameter], help=text.replace("`", ""), metavar="VALUE")


def main(
    name: str, description: str, run: Callable[[Any], object], model: type[Parameters] = Config
) -> None:
    """Parse the command line, run, and leave with the exit code."""
    gc.set_threshold(50_000, 20)  # a fifth of the imports' time went into looking for garbage
    code = exit_code(command(name, description, run, model))
    gc.freeze()  # at its end Python looks through all objects for cycles, which takes seconds
    sys.exit(code)


def exit_code(entry: click.Command, arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return what to leave with; messages go to stderr.

    Args:
        arguments: what follows the command's name; without, the program's own.
    """
    try:
        with terminate_cleanly():
            entry.main(args=arguments, standalone_mode=False)
    except click.NoSuchOption as error:
        known = (error.ctx.command if error.ctx else entry).params
        names = [option.name or "" for option in known if option.name != "pairs"]
        return _say(_unknown(error.option_name.lstrip("-").replace("-", "_"), names), 2)
    except click.ClickException as error:
        return _say(_with_form(error.format_message()), 2)
    except HybridrepError as error:
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        end = error.__cause__ or error  # click turns interrupts into Abort
        code = end.exit_code if isinstance(end, Terminated) else 130
        reason = str(end) if isinstance(end, Terminated) else "interrupted"
        return _say(f"{reason}; the same command goes on from what is finished", code)
    return 0


def _unknown(wrong: str, names: Sequence[str]) -> str:
    """Return the message about a name that is no parameter: the nearest one, and all there are."""
    near = difflib.get_close_matches(wrong, names, n=1)
    question = f" (did you mean {near[0]}?)" if near else ""
    return f"unknown parameter {shown(wrong)}{question}; the parameters are: {', '.join(names)}"


def _with_form(message: str) -> str:
    """Add how parameters are given to click's message about arguments, which has no hint."""
    if "extra argument" not in message:
        return message
    return f"{message}. Every parameter is given as -P NAME=VALUE, without spaces: -P seeds=5"


def _refuse_recorded_passwords(given: Mapping[str, str | None]) -> None:
    """Refuse a password in a parameter that `mlflow run` has printed and recorded already.

    Raises:
        ParameterError: naming the parameter, and the run that holds the password now.
    """
    run_id = os.environ.get("MLFLOW_RUN_ID")
    for name, value in given.items():
        if run_id and value and has_password(value):
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
