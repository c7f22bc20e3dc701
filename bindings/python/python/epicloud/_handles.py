"""Handles: who owns what, errors as exceptions, cancellation. The only user of the declarations in `_native`.

Every handle is freed once, by `close` or when its object goes. The library refuses a freed handle in every build, so
a close on one thread while another waits is an error there and nothing worse.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import errors
from ._native import ffi, lib
from .types import Progress

if TYPE_CHECKING:
    from typing_extensions import Buffer

_TIMEOUT = "options.timeout_ms"
"""What the library calls the time limit of a call."""
SLICE_MS = 200
"""The longest wait inside the library while signals must be noticed. Python runs its handlers between two waits."""
CANCEL_LIMIT_MS = 10_000
"""How long the end of a cancelled operation is waited for."""
_NO_TEXT = "is not valid Unicode text"
_NO_NUMBER = "is not a number in range"


def _empty(function: str, cell: Any) -> None:
    """Free what a cell has got, if anything; NULL may be freed, and what was freed."""
    getattr(lib, function)(cell[0])


def _text(pointer: Any) -> str | None:
    return None if pointer == ffi.NULL else ffi.string(pointer).decode()


def status_name(status: int) -> str:
    """Give the name of a status, also of one that the library has and this package has no class for."""
    return _text(lib.epi_status_name(status)) or str(status)


def _made_here(status: int, message: str, field: str | None = None) -> errors.Error:
    """Make an exception for a status that came without an error."""
    document = dict.fromkeys(("httpStatus", "code", "errors", "requestId", "nextStep", "retryAfterMs"))
    # Like the library: no attempt was made with what breaks a rule.
    known: dict[str, Any] = {"field": field, "attempts": 0 if field else None, "retry": "never", "exitCode": 1}
    return errors.from_document({**document, **known, "status": status_name(status), "message": message})


def refused(field: str, rule: str) -> errors.Error:
    """Make the exception for what cannot even be handed to the library; of all else, that is the judge."""
    return _made_here(lib.EPI_STATUS_INVALID_ARGUMENT, f"{field}: {rule}", field)


def _check(status: int, error: Any = None) -> None:
    """Raise what a call reported. The caller frees it, even if a signal handler raises before this is reached."""
    if status == lib.EPI_STATUS_OK:
        return
    if error is None or error[0] == ffi.NULL:
        raise _made_here(status, f"the library reported {status_name(status)}")
    raise errors.from_document(json.loads(ffi.string(lib.epi_error_json(error[0]))))


def _values(enum: str, prefix: str) -> dict[int, str]:
    """Give the names of an enum of the header without their prefix."""
    return {value: name[len(prefix) :].lower() for value, name in ffi.typeof(enum).elements.items()}


def declared_version() -> str:
    """Tell the version of the library that the declarations were made of."""
    return f"{lib.EPI_VERSION_MAJOR}.{lib.EPI_VERSION_MINOR}.{lib.EPI_VERSION_PATCH}"


def check_library() -> None:
    """Check that the library beside this package is the one it was made for."""
    error = ffi.new("epi_error **")
    try:
        _check(lib.epi_abi_check(lib.EPI_ABI_VERSION, error), error)
    finally:
        lib.epi_error_free(error[0])
    loaded, declared = _text(lib.epi_version()), declared_version()
    if loaded != declared:
        message = f"the package epicloud {declared} needs the library {declared} but found {loaded}"
        raise _made_here(lib.EPI_STATUS_ABI_MISMATCH, message)


check_library()
_PHASES = _values("epi_phase_value", "EPI_PHASE_")
_LOG_LEVELS = {name: value for value, name in _values("epi_log_level_value", "EPI_LOG_LEVEL_").items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _is_text(value: Any) -> bool:
    """Tell whether it is a text that UTF-8 can hold, which lone surrogates are not."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _secret_bytes(secret: str) -> bytearray:
    try:
        return bytearray(secret, "utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # It holds the secret and shows a part of it.
        raise refused("clientSecret", _NO_TEXT) from None


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        # A whole number that is larger than any float.
        return False


class AsSpelled(dict[str, Any]):
    """A mapping whose names the service spells itself; they are not translated."""


def to_document(value: Any, path: str = "") -> Any:
    """Turn a request into the service's spelling: camelCase names, paths as texts, None left out.

    What JSON cannot hold is refused by its path in the request, because the library could only say that it is no JSON.
    """
    if isinstance(value, Mapping):
        for name in value:
            if not _is_text(name):
                raise refused(path or "request", "the name of a member is not valid Unicode text")
        spelled = str if isinstance(value, AsSpelled) else _camel
        names = {name: spelled(name) for name, item in value.items() if item is not None}
        return {to: to_document(value[name], f"{path}.{to}" if path else to) for name, to in names.items()}
    if isinstance(value, (list, tuple)):
        return [to_document(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, os.PathLike):
        value = os.fsdecode(value)
    if isinstance(value, str) and not _is_text(value):
        raise refused(path, _NO_TEXT)
    if isinstance(value, (int, float)) and not _is_finite(value):
        raise refused(path, _NO_NUMBER)
    if value is not None and not isinstance(value, (str, int, float)):
        raise refused(path, f"has the type {type(value).__name__}, which a request cannot contain")
    return value


def seconds(limit: float | None, field: str) -> float | None:
    """Check a time limit. None is no limit, and so is an infinite one."""
    if limit is None or limit == math.inf:
        return None
    if not _is_finite(limit):
        raise refused(field, _NO_NUMBER)
    return float(limit)


def _milliseconds(limit: float, field: str) -> int:
    if not -(2**63) <= limit * 1000 < 2**63:
        raise refused(field, _NO_NUMBER)
    # Rounded away from 0, which would mean no limit.
    return math.ceil(limit * 1000) or 1


def _json(document: Any) -> bytes:
    try:
        return json.dumps(to_document(document)).encode("ascii")
    except RecursionError:
        raise refused("request", "is nested too deeply") from None


class Handle:
    """Something of the library that is freed once."""

    _what = "handle"
    _closed = ""
    """The function that frees it when it is closed."""
    _gone = ""
    """The function that frees it when the object goes."""

    def __init__(self) -> None:
        # Where the library is to put it, and owned before it does: a signal handler may raise right after that.
        self._cell = ffi.new(f"epi_{self._what} **")
        self._process = os.getpid()
        # When the object goes, nothing may wait: that can be on any thread, also on that of an event loop.
        self._free = weakref.finalize(self, _empty, self._gone, self._cell)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return not self._free.alive

    def _live(self) -> Any:
        if self.closed:
            raise _made_here(lib.EPI_STATUS_INVALID_ARGUMENT, f"this {self._what} is closed")
        # The library says so itself where it would do something; here it is said of everything.
        if self._process != os.getpid():
            message = f"this {self._what} belongs to the parent of this forked process"
            raise _made_here(lib.EPI_STATUS_UNSUPPORTED, message)
        return self._cell[0]

    @contextlib.contextmanager
    def _filling(self) -> Iterator[Any]:
        """Give the cell to the call that fills it. What raises meanwhile leaves nothing behind, and nothing running."""
        try:
            yield self._cell
        except BaseException:
            # Not left to the end of the object: the exception holds it for as long as it is handled.
            self.close()
            raise

    def close(self) -> None:
        """Free it. Any number of times."""
        self._end(self._closed)

    def _end(self, function: str) -> None:
        try:
            if self._free.detach() is not None:
                _empty(function, self._cell)
        except BaseException:
            # A signal handler raised, perhaps before it was freed.
            _empty(function, self._cell)
            raise


class ClientHandle(Handle):
    """One account at one service."""

    _what = "client"
    _closed = _gone = "epi_client_free"

    def __init__(self, config: Mapping[str, Any], secret: str | Buffer | None) -> None:
        super().__init__()
        error = ffi.new("epi_error **")
        # A text must become bytes, as they were if it is of the environment. They are overwritten in the end.
        own = _secret_bytes(secret) if isinstance(secret, str) else None
        given = secret if own is None else own
        try:
            buffer = ffi.NULL if given is None else ffi.from_buffer("char[]", given)
            size = 0 if given is None else len(buffer)
            with self._filling() as client:
                _check(lib.epi_client_new(_json(config), buffer, size, client, error), error)
        finally:
            if own is not None:
                own[:] = bytes(len(own))
            lib.epi_error_free(error[0])

    def cancel_all(self) -> None:
        """Cancel all its operations."""
        _check(lib.epi_client_cancel_all(self._live()))

    def start(
        self, name: str, request: Mapping[str, Any], timeout: float | None, log_level: str | None
    ) -> OperationHandle:
        """Start an operation by its name."""
        options = ffi.new("epi_call_options *")
        options.struct_size = ffi.sizeof("epi_call_options")
        limit = seconds(timeout, _TIMEOUT)
        if limit is not None:
            options.timeout_ms = _milliseconds(limit, _TIMEOUT)
        if log_level is not None:
            if not isinstance(log_level, str) or log_level not in _LOG_LEVELS:
                raise refused("options.log_level", f"must be one of {', '.join(_LOG_LEVELS)}")
            options.log_level = _LOG_LEVELS[log_level]
        error = ffi.new("epi_error **")
        handle = OperationHandle(name)
        try:
            with handle._filling() as operation:
                status = lib.epi_operation_start(self._live(), name.encode(), _json(request), options, operation, error)
                _check(status, error)
        finally:
            lib.epi_error_free(error[0])
        return handle


class OperationHandle(Handle):
    """One call at work."""

    _what = "operation"
    _closed = "epi_operation_free"
    _gone = "epi_operation_release"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def poll(self, timeout_ms: int) -> bool:
        """Wait inside the library, without the interpreter's lock; tell whether the operation has ended."""
        return bool(lib.epi_operation_wait(self._live(), timeout_ms) != lib.EPI_STATUS_PENDING)

    def waiter(self) -> Callable[[], object]:
        """Give a function that waits for the end; it does not keep this object, and freeing ends the wait as well."""
        return functools.partial(lib.epi_operation_wait, self._live(), -1)

    def progress(self) -> Progress:
        """Give the newest figures."""
        figures = ffi.new("epi_progress *")
        figures.struct_size = ffi.sizeof("epi_progress")
        _check(lib.epi_operation_progress(self._live(), figures))
        values: dict[str, Any] = {name: getattr(figures, name) for name in Progress._fields}
        values = {name: None if value == -1 else value for name, value in values.items()}
        values["phase"] = _PHASES.get(figures.phase, str(figures.phase))
        values["status"] = status_name(figures.status)
        return Progress(**values)

    def events(self, after: int) -> Any:
        """Give the events after one."""
        if not 0 <= after < 2**64:
            raise refused("after", _NO_NUMBER)
        text = ffi.new("char **")
        try:
            _check(lib.epi_operation_events(self._live(), after, text))
            return json.loads(ffi.string(text[0]))
        finally:
            lib.epi_string_free(text[0])

    def cancel(self) -> None:
        """Cancel it, without waiting."""
        _check(lib.epi_operation_cancel(self._live()))

    def result(self) -> Any:
        """Give the result of an operation that has ended, or raise its error."""
        text, error = ffi.new("char **"), ffi.new("epi_error **")
        try:
            _check(lib.epi_operation_result(self._live(), text, error), error)
            return json.loads(ffi.string(text[0]))
        finally:
            lib.epi_error_free(error[0])
            lib.epi_string_free(text[0])

    def stop(self) -> None:
        """Cancel it and wait, within a limit, for its end."""
        self.cancel()
        for _ in range(CANCEL_LIMIT_MS // SLICE_MS):
            if self.poll(SLICE_MS):
                return

    def release(self) -> None:
        """Give it back without waiting; one that is still running is cancelled. Any number of times."""
        self._end(self._gone)

    @contextlib.contextmanager
    def stopping(self) -> Iterator[None]:
        """Stop the operation when the block is left by an exception, such as KeyboardInterrupt."""
        try:
            yield
        except GeneratorExit:
            # A loop over progress was left early, which says nothing about the operation.
            raise
        except BaseException as exception:
            # Closed meanwhile, or in a forked child: there is nothing to stop, and the first exception matters.
            with contextlib.suppress(errors.Error):
                self.stop()
                self.advise(exception)
            raise

    def advise(self, exception: BaseException) -> None:
        """Note on an exception how to take up what goes on in the service; it holds the id. From Python 3.11 on."""
        note = getattr(exception, "add_note", None)
        if note is None or not self.poll(0):
            return
        try:
            self.result()
        except errors.Cancelled as end:
            if end.next_step:
                note(end.next_step)
