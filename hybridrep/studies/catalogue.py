"""The studies there are and their entry points, said once, for whoever runs or describes them.

Light: it knows the parameters of each study, and by name the functions that run it and the
modules that document its runs. `MLproject`, `docs/reference.md`, the command line and
`hybridrep.run` are made from here. A function that takes a `Catalogue` can be handed another.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from os import PathLike
from typing import Any

from hybridrep.errors import ParameterError, TrackingError
from hybridrep.parameters import Parameters, shown, stages_of, user_path, with_role
from hybridrep.studies.given.config import MeasureConfig
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.report.config import CompareConfig, ExportConfig, ReportConfig
from hybridrep.studies.hybrid.sweep.config import RegisterConfig, SweepConfig
from hybridrep.studies.hybrid.sweep.fused_config import FusionSweepConfig
from hybridrep.studies.nback.config import Config as NBackConfig
from hybridrep.studies.nback.decoding.config import DecodeConfig as NBackDecodeConfig
from hybridrep.studies.nback.sweep.config import SweepConfig as NBackSweepConfig


def imported(place: str) -> Any:
    """Return what stands at `module:name`, the module of it imported only now."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


@dataclass(frozen=True)
class EntryPoint:
    """What can be run by name."""

    name: str  # as `mlflow run . -e NAME` takes it
    does: str
    run: str  # `module:name` of what does it: resolved parameters in, the tables that it made out
    parameters: type[Parameters]  # all it accepts; `Catalogue.bearing` are those that change it
    stages: tuple[str, ...] = ()  # those that it runs, with what they need; none: computes nothing
    page: str = ""

    @property
    def function(self) -> Callable[[Any], Any]:
        """The function that runs it."""
        found: Callable[[Any], Any] = imported(self.run)
        return found


@dataclass(frozen=True)
class StudyListing:
    """A study as it is known before anything of it is loaded."""

    name: str  # its folder's, and the tag `hybridrep.simulation` of its runs
    title: str
    parameters: type[Parameters]
    entry_points: tuple[EntryPoint, ...]  # as listed; no name stands in another study, too
    load: str  # `module:name` of what reads a finished study back, given the server and the run
    documentation: str  # the module that says what its runs, tables and models hold
    load_parts: str = ""  # `module:name` of what makes its tables of those of an exported file
    register: str = ""  # `module:name` of what registers the best, given a study's or sweep's run
    compare: str = ""  # `module:name` of what puts studies side by side, given their names
    export: str = ""  # `module:name` of what writes a study into a file, given its name
    representations: str = ""  # `module:name` of what reads those of a study, by its run's id


@dataclass(frozen=True)
class Catalogue:
    """The studies there are."""

    studies: tuple[StudyListing, ...]

    @property
    def entry_points(self) -> dict[str, EntryPoint]:
        """Every entry point by its name."""
        return {each.name: each for study in self.studies for each in study.entry_points}

    def entry_point(self, name: str) -> EntryPoint:
        """Return an entry point."""
        known = self.entry_points
        if name not in known:
            near = did_you_mean(name, known)
            raise ParameterError(
                f"unknown entry point {shown(name)}{near}; the entry points are: {', '.join(known)}"
            )
        return known[name]

    def study_of(self, entry: EntryPoint) -> StudyListing:
        """Return the study that an entry point belongs to."""
        return next(study for study in self.studies if entry in study.entry_points)

    def bearing(self, entry: EntryPoint) -> tuple[str, ...]:
        """Return the parameters that bear on an entry point; those of the place come last.

        They are its own, beside those of its study, and of these the ones that a stage reads
        which it runs or needs.
        """
        shared, model = self.study_of(entry).parameters.model_fields, entry.parameters
        always, places = with_role(model, "name"), with_role(model, "place")

        def bears(name: str) -> bool:
            read_by = stages_of(name, model) or entry.stages
            return name in always or name not in shared or bool({*read_by} & {*entry.stages})

        return tuple(sorted(filter(bears, model.model_fields), key=lambda name: name in places))

    def owner_of(self, parameter: str, entry: EntryPoint) -> str:
        """Say to which tools of the same study, or to which study, a foreign parameter belongs.

        E.g. "`sweep`" or "the study `nback`"; empty: no entry point has it.
        """
        mine = self.study_of(entry)
        takers = {
            study.name: [
                e.name for e in study.entry_points if parameter in e.parameters.model_fields
            ]
            for study in self.studies
        }
        if takers[mine.name]:
            *others, last = (f"`{name}`" for name in takers[mine.name])
            return f"{', '.join(others)} and {last}" if others else last
        return next((f"the study `{name}`" for name, found in takers.items() if found), "")


def did_you_mean(wrong: str, names: Iterable[str]) -> str:
    """Return a question for the nearest name, or nothing when none is near."""
    near = difflib.get_close_matches(wrong, list(names), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


_PLACE = "hybridrep.studies.hybrid"
_TO_AUTOENCODERS = ("embed", "lstm", "autoencode")
_WHOLE = (*_TO_AUTOENCODERS, "rsa", "transfer", "fuse", "report")

HYBRID = StudyListing(
    name="hybrid",
    title="Global and task-specific representations of tweets, turned into each other",
    parameters=Config,
    entry_points=(
        EntryPoint("full", "the whole study: one run a seed and one for the study, with its report",
                   f"{_PLACE}.study:run", Config, _WHOLE),
        EntryPoint("embed", "global vectors of every distinct text, from the frozen encoder",
                   f"{_PLACE}.study:embed", Config, ("embed",)),
        EntryPoint("lstm", "the task-specific LSTM of every seed, and its vectors",
                   f"{_PLACE}.study:lstm", Config, ("lstm",)),
        EntryPoint("autoencode",
                   "the autoencoders, both directions and all sizes, and their linear baseline",
                   f"{_PLACE}.study:autoencode", Config, _TO_AUTOENCODERS),
        EntryPoint("rsa",
                   "similarity matrices and their correlations; a study's runs say how sure they "
                   "are", f"{_PLACE}.study:rsa", Config, (*_TO_AUTOENCODERS, "rsa")),
        EntryPoint("transfer", "seven representations on the new task",
                   f"{_PLACE}.study:transfer", Config, (*_TO_AUTOENCODERS, "transfer")),
        EntryPoint("fuse",
                   "representations made of both, how much each carries of either, and what it "
                   "gives on the new task", f"{_PLACE}.study:fuse", Config,
                   (*_TO_AUTOENCODERS, "fuse"), page="fusion.md"),
        EntryPoint("report", "Table 1 and the report, in a run of its own",
                   f"{_PLACE}.finished:report", ReportConfig, _WHOLE),
        EntryPoint("sweep", "Optuna over bottleneck sizes, epochs and more",
                   f"{_PLACE}.sweep.sweep:run", SweepConfig, (*_TO_AUTOENCODERS, "sweep"),
                   page="sweep.md"),
        EntryPoint("fuse_sweep", "Optuna over fusions, their size, weight and length",
                   f"{_PLACE}.sweep.fused_sweep:run", FusionSweepConfig,
                   ("embed", "lstm", "sweep", "fuse_sweep"), page="fusion.md"),
        EntryPoint("register",
                   "the best models of a study into the model registry: autoencoders by direction, "
                   "or N-back networks by architecture",
                   "hybridrep.studies.catalogue:register", RegisterConfig, _WHOLE),
        EntryPoint("compare", "finished studies of one kind side by side in one report",
                   "hybridrep.studies.catalogue:compare", CompareConfig),
        EntryPoint("export", "a finished study as one file, to be passed on and opened elsewhere",
                   "hybridrep.studies.catalogue:export", ExportConfig),
    ),
    load=f"{_PLACE}.load:load",
    documentation=f"{_PLACE}.results.catalogue",
    load_parts=f"{_PLACE}.load:of_parts",
    representations=f"{_PLACE}.representations:representations",
)  # fmt: skip

_NBACK = "hybridrep.studies.nback"
_TO_NETWORKS = ("nback_stimuli", "nback_train")
_TO_STATES = (*_TO_NETWORKS, "nback_decode")
_TO_GEOMETRY = (*_TO_STATES, "nback_geometry")

NBACK = StudyListing(
    name="nback",
    title="Recurrent networks that hold rendered objects in memory",
    parameters=NBackConfig,
    entry_points=(
        EntryPoint("nback", "the whole N-back study: one run a seed and one for the study",
                   f"{_NBACK}.study:run", NBackConfig, (*_TO_GEOMETRY, "nback_report"),
                   page="nback.md"),
        EntryPoint("nback_stimuli", "objects rendered, and a frozen vision model's map of each",
                   f"{_NBACK}.study:stimuli", NBackConfig, ("nback_stimuli",), page="nback.md"),
        EntryPoint("nback_train", "the networks of every seed: each architecture and diet",
                   f"{_NBACK}.study:train", NBackConfig, _TO_NETWORKS, page="nback.md"),
        EntryPoint("nback_decode",
                   "what linear decoders read from the networks' states, across tasks and time",
                   f"{_NBACK}.decoding.run:run", NBackDecodeConfig, _TO_STATES, page="nback.md"),
        EntryPoint("nback_geometry",
                   "angles, rotations over time, causal tests and similarities of the networks",
                   f"{_NBACK}.study:geometry", NBackConfig, _TO_GEOMETRY, page="nback.md"),
        EntryPoint("nback_report", "the N-back study's report, in a run of its own",
                   f"{_NBACK}.study:report", NBackConfig, (*_TO_GEOMETRY, "nback_report"),
                   page="nback.md"),
        EntryPoint("nback_sweep", "Optuna over architecture, hidden size and learning rate",
                   f"{_NBACK}.sweep.sweep:run", NBackSweepConfig, _TO_NETWORKS, page="nback.md"),
    ),
    load=f"{_NBACK}.load:load",
    documentation=f"{_NBACK}.results.catalogue",
    register=f"{_NBACK}.register.register:run",
    compare=f"{_NBACK}.compare:compare",
    export=f"{_NBACK}.export:export",
    load_parts=f"{_NBACK}.load:of_parts",
)  # fmt: skip

GIVEN = StudyListing(
    name="given",
    title="Representations that were made elsewhere, compared by any measure",
    parameters=MeasureConfig,
    entry_points=(
        EntryPoint("measure", "representations from files, compared by measures with inference",
                   "hybridrep.studies.catalogue:measure", MeasureConfig, ("measure",),
                   page="own-representations.md"),
    ),
    load="hybridrep.studies.given.load:load",
    documentation="hybridrep.studies.given.catalogue",
)  # fmt: skip

CATALOGUE = Catalogue((HYBRID, NBACK, GIVEN))


def load_study(
    study: str | PathLike[str] = "hybridrep", *, experiment: str = "hybridrep",
    catalogue: Catalogue = CATALOGUE,
) -> Any:  # fmt: skip
    """Return the tables of a finished study; of several runs of it, the latest.

    Args:
        study: its name, its key (or the first six characters or more), or the id of its run; or
            the file that `export` has written of it: a path, or a text that ends with `.zip`.
        experiment: where to look, unless `MLFLOW_EXPERIMENT_NAME` or `_ID` says so.
        catalogue: the studies that it may be one of.

    Returns:
        Of the study `hybrid`, `StudyTables`: the long tables `lstm`, `autoencoder`,
        `linear_baseline`, `rsa`, `measures`, `transfer`, `fusion` and `fused_transfer` with one
        row a seed and epoch, and `meta`, what they stand on. Of `nback`, `NBackTables`:
        `networks`, `curves`, `losses`, `by_task`, `perceptual`, `decoding`, `cross_task`,
        `orthogonality`, `rotations`, `causal`, `similarities`, `meta`.

    Raises:
        TrackingError: no database or server there, no such study (the message names those that
            there are), one that never finished, or one of a newer hybridrep.
        TablesError: its tables were made by a newer hybridrep, or its file is missing, damaged or
            no study's.
    """
    from hybridrep.tracking.queries import existing_server, find_study
    from hybridrep.tracking.study_file import names_a_file, read_study_file

    if names_a_file(study):
        path = user_path(str(study))
        opened = read_study_file(path)
        listing = _known(catalogue, opened.simulation, f"the file {str(path)!r}")
        return imported(listing.load_parts)(opened.parts, opened.meta)
    server = existing_server(experiment)
    run = find_study(server, str(study), None)
    listing = _known(catalogue, run.simulation, f"the run {run.run_id}")
    return imported(listing.load)(server, run.run_id)


def _known(catalogue: Catalogue, simulation: str, what: str) -> StudyListing:
    """Return the study that a run or a file is of."""
    listing = next((each for each in catalogue.studies if each.name == simulation), None)
    if listing is None:
        raise TrackingError(
            f"{what} is of the study {simulation!r}, which this version does not know: update "
            "hybridrep to read it"
        )
    return listing


def register(config: RegisterConfig, catalogue: Catalogue = CATALOGUE) -> Any:
    """Register the best of what `source` names: of a study of its own kind, by that one's way."""
    if config.source not in ("study", "sweep"):
        (kinds,) = _kinds([config.source], catalogue)
        for listing, run_id in (list(kinds.items()) or _sweeps(config.source, catalogue))[:1]:
            if listing.register:
                return imported(listing.register)(run_id, config.model_dump())
    return imported(f"{_PLACE}.register.register:run")(config)


def _sweeps(name: str, catalogue: Catalogue) -> list[tuple[StudyListing, str]]:
    """Return the kind and the latest run of the finished sweeps that have a name."""
    from hybridrep.tracking.queries import sweep_run
    from hybridrep.tracking.server import open_server

    server = open_server("hybridrep")
    found = (
        (listing, sweep_run(server, listing.name, name=name, study=name))
        for listing in catalogue.studies
    )
    return [(listing, run[0]) for listing, run in found if run]


def compare(config: CompareConfig, catalogue: Catalogue = CATALOGUE) -> Any:
    """Put finished studies side by side, in the way of the kind that all of them have runs of."""
    kinds = _kinds(config.studies, catalogue)
    shared = [kind for kind in kinds[0] if all(kind in others for others in kinds)]
    if shared and shared[0].compare:
        return imported(shared[0].compare)(config.studies, config.study)
    return imported(f"{_PLACE}.finished:compare")(config)


def export(config: ExportConfig, catalogue: Catalogue = CATALOGUE) -> Any:
    """Write a finished study into a file, in the way of its kind."""
    from hybridrep.tracking.queries import existing_server

    existing_server("hybridrep")  # whoever only reads must not make a database
    name = config.source or config.study
    (kinds,) = _kinds([name], catalogue)
    for listing in list(kinds)[:1]:
        if listing.export:
            return imported(listing.export)(name, config.to, texts=config.texts)
    return imported(f"{_PLACE}.export:export")(config)


def measure(config: MeasureConfig, catalogue: Catalogue = CATALOGUE) -> Any:
    """Compare representations from files and of finished studies, each read by its own kind."""

    def of_study(name: str) -> Any:
        (kinds,) = _kinds([name], catalogue)
        for listing, run_id in list(kinds.items())[:1]:
            if listing.representations:
                return imported(listing.representations)(run_id, name, config)
        if kinds:
            kind = next(iter(kinds)).name
            raise ParameterError(
                f"parameter representations: study:{name} is of the kind {kind}, whose "
                "representations are not read here"
            )
        from hybridrep.tracking.queries import find_study
        from hybridrep.tracking.server import open_server

        find_study(open_server("hybridrep"), name, None)  # says which there are
        raise ParameterError(f"parameter representations: there is no study {shown(name)}")

    return imported("hybridrep.studies.given.run:run")(config, of_study)


def _kinds(names: Iterable[str], catalogue: Catalogue) -> list[dict[StudyListing, str]]:
    """Return for each name the kinds of study that have runs of it, with the latest run's id.

    The kind of the latest of all comes first. A name that no study has has no kind: whoever reads
    it says so.
    """
    from hybridrep.tracking.queries import study_runs
    from hybridrep.tracking.server import open_server

    server = open_server("hybridrep")
    known = {listing.name: listing for listing in catalogue.studies}
    found = []
    for name in names:
        kinds: dict[StudyListing, str] = {}
        with contextlib.suppress(TrackingError):
            for run in study_runs(server, name, None):
                if run.simulation in known:
                    kinds.setdefault(known[run.simulation], run.run_id)
        found.append(kinds)
    return found
