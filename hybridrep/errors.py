"""The errors a user can cause. Their message says what is wrong, where, and what to do.

The command line prints the message of a `HybridrepError` without a traceback and exits with
its `exit_code`; every other exception is a fault of the program and keeps its traceback.
"""


class HybridrepError(Exception):
    """Something the user can mend. Base of all errors raised on purpose."""

    exit_code = 2


class ParameterError(HybridrepError):
    """A parameter is unknown or has a value that is not allowed."""


class CorpusError(HybridrepError):
    """A corpus is missing, empty, malformed, or too small for what is asked of it."""


class VectorsError(HybridrepError):
    """A word-vector file is missing or malformed."""


class RepresentationError(HybridrepError):
    """A file of representations or judgements is missing, malformed, or does not fit the others."""


class EncoderError(HybridrepError):
    """A frozen encoder is missing, incomplete, or not what its checksum says."""


class StimuliError(HybridrepError):
    """A set of images is missing, malformed, or too small for what is asked of it."""


class StoreError(HybridrepError):
    """The store of finished results cannot be read or written."""


class TrackingError(HybridrepError):
    """A tracking server, study, run or registered model cannot be reached or found."""


class TablesError(HybridrepError):
    """A study's tables are incomplete, malformed, or of a layout that this version cannot read."""


class ExecutionError(HybridrepError):
    """Workers or a cluster could not be started or kept."""


class IncompleteStudyError(HybridrepError):
    """Some seeds could not be finished; what is finished has been kept and reported."""

    exit_code = 1


EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "seeds or trials could not be finished (what is finished is kept), or a fault of the "
    "program, with its traceback",
    2: "something the user can mend: one message, no traceback",
    129: "ended by SIGHUP: the terminal was closed",
    130: "ended by Ctrl-C",
    143: "ended by SIGTERM",
}
"""What an entry point leaves with. The same command goes on from what is finished."""
