"""Every error that crosses a boundary of Foveate: what happened, whose fault it is, and what to do next.

    FoveateError
    ├── ProtocolError        the peer broke the wire contract
    ├── RefusedError         the server will not serve this client (token, origin, version, rate)
    ├── InputError           the request cannot be carried out as asked: region, file, parameter, format, model
    ├── ResourceError        the machine lacks something: memory, disk, network, a model's file
    ├── ServerError          we failed: a crash, a hang, a bug
    ├── ConnectionLostError  the connection ended; unfinished jobs go on and can be resumed
    └── CancelledJobError    somebody cancelled the job

On the wire an error is an :class:`ErrorInfo`; :func:`to_exception` and :attr:`FoveateError.info` map both ways.

    raise InputError("There is no precision {name!r}.", name=name, remedy="Choose one of {names}.", names=known)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .i18n.sentence import Sentence, joined


class Fault(str, Enum):
    """Whose fault an error is, so that its sentence can address the right person."""

    USER = "user"  # the request or its input: the person can change it
    CLIENT = "client"  # the program that speaks to us broke the contract: report it to its authors
    SERVER = "server"  # we failed
    MACHINE = "machine"  # memory, disk, network, driver


class ErrorCode(str, Enum):
    """The stable names of errors on the wire. Codes are only ever added."""

    PROTOCOL_ERROR = "protocol_error"
    UNKNOWN_MESSAGE = "unknown_message"
    VERSION_MISMATCH = "version_mismatch"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    QUEUE_FULL = "queue_full"
    TOO_LARGE = "too_large"
    UNKNOWN_JOB = "unknown_job"
    CONFLICT = "conflict"
    UNKNOWN_OPERATION = "unknown_operation"
    INVALID_PARAMETER = "invalid_parameter"
    INVALID_REGION = "invalid_region"
    INVALID_PIXELS = "invalid_pixels"
    UNSUPPORTED_FORMAT = "unsupported_format"
    INVALID_FILE = "invalid_file"
    UNKNOWN_MODEL = "unknown_model"
    MODEL_UNAVAILABLE = "model_unavailable"
    STORAGE_FULL = "storage_full"
    OUT_OF_MEMORY = "out_of_memory"
    OFFLINE = "offline"
    WORKER_CRASHED = "worker_crashed"
    WORKER_HUNG = "worker_hung"
    TIMED_OUT = "timed_out"
    EXPIRED = "expired"
    SHUTTING_DOWN = "shutting_down"
    NO_SERVER = "no_server"
    CONNECTION_LOST = "connection_lost"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


@dataclass(frozen=True)
class ErrorInfo:
    """An error as the wire and the interfaces show it."""

    code: ErrorCode
    message: str | Sentence  # one sentence: what happened
    remedy: str | Sentence  # one sentence: what to do next; may be empty
    fault: Fault

    def __str__(self) -> str:
        """Return what happened and what to do next, as a :class:`Sentence`: any language can say it."""
        return joined(self.message, self.remedy)


class FoveateError(Exception):
    """The base of all errors that Foveate raises on purpose."""

    default_fault = Fault.SERVER
    default_code = ErrorCode.INTERNAL

    def __init__(
        self,
        message: str,
        /,
        *,
        code: ErrorCode | None = None,
        remedy: str = "",
        fault: Fault | None = None,
        **values: object,
    ) -> None:
        """`values` go where `message` and `remedy` name them; see :class:`Sentence`."""
        self.info = ErrorInfo(
            code or self.default_code,
            Sentence.made_of(message, values),
            Sentence.made_of(remedy, values),
            fault or self.default_fault,
        )
        super().__init__(str(self.info))

    def __str__(self) -> str:
        return str(self.info)


class ProtocolError(FoveateError):
    """The peer broke the wire contract."""

    default_fault = Fault.CLIENT
    default_code = ErrorCode.PROTOCOL_ERROR


class RefusedError(FoveateError):
    """The server will not serve this client."""

    default_fault = Fault.USER
    default_code = ErrorCode.UNAUTHORIZED


class InputError(FoveateError):
    """The request cannot be carried out as asked; the person can change it."""

    default_fault = Fault.USER
    default_code = ErrorCode.INVALID_PARAMETER


class ResourceError(FoveateError):
    """The machine lacks something that the request needs."""

    default_fault = Fault.MACHINE
    default_code = ErrorCode.OUT_OF_MEMORY


class ServerError(FoveateError):
    """We failed."""


class ConnectionLostError(FoveateError):
    """The connection ended; the server goes on with unfinished jobs, and they can be resumed."""

    default_fault = Fault.MACHINE
    default_code = ErrorCode.CONNECTION_LOST


class CancelledJobError(FoveateError):
    """The job was cancelled."""

    default_fault = Fault.USER
    default_code = ErrorCode.CANCELLED


_CLASSES: dict[ErrorCode, type[FoveateError]] = {
    **dict.fromkeys((ErrorCode.PROTOCOL_ERROR, ErrorCode.UNKNOWN_MESSAGE), ProtocolError),
    **dict.fromkeys(
        (
            ErrorCode.VERSION_MISMATCH,
            ErrorCode.UNAUTHORIZED,
            ErrorCode.FORBIDDEN,
            ErrorCode.RATE_LIMITED,
            ErrorCode.QUEUE_FULL,
        ),
        RefusedError,
    ),
    **dict.fromkeys(
        (
            ErrorCode.TOO_LARGE,
            ErrorCode.UNKNOWN_JOB,
            ErrorCode.CONFLICT,
            ErrorCode.UNKNOWN_OPERATION,
            ErrorCode.INVALID_PARAMETER,
            ErrorCode.INVALID_REGION,
            ErrorCode.INVALID_PIXELS,
            ErrorCode.UNSUPPORTED_FORMAT,
            ErrorCode.INVALID_FILE,
            ErrorCode.UNKNOWN_MODEL,
        ),
        InputError,
    ),
    **dict.fromkeys(
        (ErrorCode.MODEL_UNAVAILABLE, ErrorCode.STORAGE_FULL, ErrorCode.OUT_OF_MEMORY, ErrorCode.OFFLINE),
        ResourceError,
    ),
    ErrorCode.CONNECTION_LOST: ConnectionLostError,
    ErrorCode.NO_SERVER: ConnectionLostError,
    ErrorCode.CANCELLED: CancelledJobError,
}


def reason_of(error: BaseException) -> str:
    """Return what went wrong, for a sentence: of the system's errors in its words, without their number."""
    return str(getattr(error, "strerror", None) or error) or type(error).__name__


def to_exception(info: ErrorInfo) -> FoveateError:
    """Return the exception that stands for `info`; codes without a class of their own become ServerError."""
    error_class = _CLASSES.get(info.code, ServerError)
    return error_class(info.message, code=info.code, remedy=info.remedy, fault=info.fault)
