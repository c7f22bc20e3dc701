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

SLICE_MS = 200
"""The longest wait inside the library while signals must be noticed. Python runs its handlers between two waits."""
CANCEL_LIMIT_MS = 10_000
"""How long the end of a cancelled operation is waited for."""


def _text(pointer: Any) -> str | None:
    return None if pointer == ffi.NULL else ffi.string(pointer).decode()


def _take_text(pointer: Any) -> str:
    """Take over a text that the library gave away."""
    try:
        text: str = ffi.string(pointer).decode()
    finally:
        lib.epi_string_free(pointer)
    return text


def status_name(status: int) -> str:
    """Give the name of a status, also of one that the library has and this package has no class for."""
    return _text(lib.epi_status_name(status)) or str(status)


def _made_here(status: int, message: str) -> errors.Error:
    """Make an exception for a status that came without an error."""
    document = dict.fromkeys(("httpStatus", "code", "errors", "requestId", "field", "nextStep", "retryAfterMs"))
    known: dict[str, Any] = {"attempts": None, "retry": "never", "exitCode": 1}
    return errors.from_document({**document, **known, "status": status_name(status), "message": message})


def _check(status: int, error: Any) -> None:
    """Raise what a call reported, and free it."""
    if status == lib.EPI_STATUS_OK:
        return
    if error[0] == ffi.NULL:
        raise _made_here(status, f"the library reported {status_name(status)}")
    try:
        document = json.loads(ffi.string(lib.epi_error_json(error[0])))
    finally:
        lib.epi_error_free(error[0])
    raise errors.from_document(document)


def _values(enum: str, prefix: str) -> dict[int, str]:
    """Give the names of an enum of the header without their prefix."""
    return {value: name[len(prefix) :].lower() for value, name in ffi.typeof(enum).elements.items()}


def declared_version() -> str:
    """Tell the version of the library that the declarations were made of."""
    return f"{lib.EPI_VERSION_MAJOR}.{lib.EPI_VERSION_MINOR}.{lib.EPI_VERSION_PATCH}"


def check_library() -> None:
    """Check that the library beside this package is the one it was made for."""
    error = ffi.new("epi_error **")
    _check(lib.epi_abi_check(lib.EPI_ABI_VERSION, error), error)
    loaded, declared = _text(lib.epi_version()), declared_version()
    if loaded != declared:
        message = f"the package epicloud {declared} was made for the library {declared} and has found {loaded}"
        raise _made_here(lib.EPI_STATUS_ABI_MISMATCH, message)


check_library()
_PHASES = _values("epi_phase_value", "EPI_PHASE_")
_LOG_LEVELS = {name: value for value, name in _values("epi_log_level_value", "EPI_LOG_LEVEL_").items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def to_document(value: Any) -> Any:
    """Turn a request into the service's spelling: camelCase names, paths as texts, None left out."""
    if isinstance(value, Mapping):
        return {_camel(name): to_document(item) for name, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [to_document(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    return value


def _json(document: Any) -> bytes:
    # Everything outside ASCII is escaped, also what no UTF-8 can hold: the library then names the member.
    return json.dumps(to_document(document)).encode("ascii")


class Handle:
    """Something of the library that is freed once."""

    _what = "handle"

    def __init__(self, pointer: Any, free: Any) -> None:
        self._pointer = pointer
        self._process = os.getpid()
        self._free = weakref.finalize(self, free, pointer)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return not self._free.alive

    def _live(self) -> Any:
        if self.closed:
            raise _made_here(lib.EPI_STATUS_INVALID_ARGUMENT, f"this {self._what} is closed")
        # The library says so itself where it would do something; here it is said of everything.
        if self._process != os.getpid():
            message = f"this {self._what} belongs to the process that this one was forked from"
            raise _made_here(lib.EPI_STATUS_UNSUPPORTED, message)
        return self._pointer

    def close(self) -> None:
        """Free it. Any number of times."""
        self._free()


class ClientHandle(Handle):
    """One account at one service."""

    _what = "client"

    def __init__(self, config: Mapping[str, Any], secret: str | Buffer | None) -> None:
        # A text must become bytes, as they were if it is of the environment. They are overwritten in the end.
        own = bytearray(secret, "utf-8", "surrogateescape") if isinstance(secret, str) else None
        given = secret if own is None else own
        try:
            buffer = ffi.NULL if given is None else ffi.from_buffer("char[]", given)
            size = 0 if given is None else len(buffer)
            client, error = ffi.new("epi_client **"), ffi.new("epi_error **")
            _check(lib.epi_client_new(_json(config), buffer, size, client, error), error)
        finally:
            if own is not None:
                own[:] = bytes(len(own))
        super().__init__(client[0], lib.epi_client_free)

    def cancel_all(self) -> None:
        """Cancel all its operations."""
        _check(lib.epi_client_cancel_all(self._live()), [ffi.NULL])

    def start(
        self, call: str, request: Mapping[str, Any], timeout: float | None, log_level: str | None
    ) -> OperationHandle:
        """Start a call by the name of its symbol, without the prefix."""
        options = ffi.new("epi_call_options *")
        options.struct_size = ffi.sizeof("epi_call_options")
        if timeout is not None:
            # Rounded away from 0, which would mean no limit.
            options.timeout_ms = math.ceil(timeout * 1000) or 1
        if log_level is not None:
            # What is not known goes to the library as well, which refuses it by name.
            options.log_level = _LOG_LEVELS.get(log_level, -1)
        operation, error = ffi.new("epi_operation **"), ffi.new("epi_error **")
        function = getattr(lib, f"epi_{call}")
        _check(function(self._live(), _json(request), options, operation, error), error)
        return OperationHandle(operation[0], call)


class OperationHandle(Handle):
    """One call at work."""

    _what = "operation"

    def __init__(self, pointer: Any, call: str) -> None:
        super().__init__(pointer, lib.epi_operation_free)
        self.call = call

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
        _check(lib.epi_operation_progress(self._live(), figures), [ffi.NULL])
        values: dict[str, Any] = {name: getattr(figures, name) for name in Progress._fields}
        values = {name: None if value == -1 else value for name, value in values.items()}
        values["phase"] = _PHASES.get(figures.phase, str(figures.phase))
        values["status"] = status_name(figures.status)
        return Progress(**values)

    def events(self, after: int) -> Any:
        """Give the events after one."""
        text = ffi.new("char **")
        _check(lib.epi_operation_events(self._live(), after, text), [ffi.NULL])
        return json.loads(_take_text(text[0]))

    def cancel(self) -> None:
        """Cancel it, without waiting."""
        _check(lib.epi_operation_cancel(self._live()), [ffi.NULL])

    def result(self) -> Any:
        """Give the result of an operation that has ended, or raise its error."""
        text, error = ffi.new("char **"), ffi.new("epi_error **")
        _check(lib.epi_operation_result(self._live(), text, error), error)
        return json.loads(_take_text(text[0]))

    def stop(self) -> None:
        """Cancel it and wait, within a limit, for its end."""
        self.cancel()
        for _ in range(CANCEL_LIMIT_MS // SLICE_MS):
            if self.poll(SLICE_MS):
                return

    @contextlib.contextmanager
    def stopping(self) -> Iterator[None]:
        """Stop the operation when the block is left by an exception, such as KeyboardInterrupt."""
        try:
            yield
        except GeneratorExit:
            # A loop over progress was left early, which says nothing about the operation.
            raise
        except BaseException:
            # Closed meanwhile, or in a forked child: there is nothing to stop, and the first exception matters.
            with contextlib.suppress(errors.Error):
                self.stop()
            raise
