from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, final

__all__ = [
    "ENGINE_VERSION",
    "Argument",
    "ConfigurationWarning",
    "Context",
    "Diagnostics",
    "Event",
    "Match",
    "NativeDetector",
    "NativeEngine",
    "NativeExport",
    "NativeInbox",
    "NativeRequest",
    "NativeScope",
    "Result",
    "Rule",
    "Section",
    "Service",
    "Truncated",
    "Waf",
    "__version__",
    "sdk_call",
    "sdk_functions",
]

ENGINE_VERSION: str
__version__: str

@final
class Waf:
    """A ruleset, ready to evaluate requests. One for the whole process; threads share it.

    ``rules`` is a ruleset as ``json.load`` returns it; without one, the built-in rules are used. Refused rules do not
    keep the others from loading: see ``diagnostics``. If none can be used, ``ConfigurationError`` is raised. Warnings
    about a configuration also go to the logger ``bartizan``.

    ``timeout`` is the default budget of a call, in seconds or as a ``timedelta`` (5 ms by default). The other arguments
    limit how much of the data of a call is inspected; ``Result.truncated`` says what they cut.
    """

    def __new__(
        cls,
        rules: Mapping[str, Any] | None = None,
        *,
        timeout: float | timedelta | None = None,
        max_string_length: int = 4096,
        max_container_size: int = 256,
        max_container_depth: int = 20,
        max_values: int = 100_000,
    ) -> Waf: ...
    def context(self) -> Context:
        """Return a context for one request. It keeps the current rules."""

    def update(self, path: str, config: Mapping[str, Any]) -> Diagnostics:
        """Add a configuration, or replace the one under this path, and build a new instance.

        Contexts in flight keep the old one. The initial rules have the path ``default``. A configuration of which
        nothing can be used raises ``ConfigurationError`` with its diagnostics; what was under the path before is then
        removed, unless ``config`` could not be read at all.
        """

    def remove(self, path: str) -> bool:
        """Remove a configuration and build a new instance; return whether there was one.

        Without any rule, contexts find nothing.
        """

    def paths(self) -> list[str]:
        """Return the paths of all configurations."""

    @property
    def diagnostics(self) -> Diagnostics:
        """The diagnostics of the initial rules."""

    @property
    def warnings(self) -> tuple[ConfigurationWarning, ...]:
        """Warnings about all current configurations."""

    @property
    def known_addresses(self) -> tuple[str, ...]:
        """The addresses that the rules use. Others need not be computed."""

    @property
    def known_actions(self) -> tuple[str, ...]:
        """The types of actions that the rules can trigger."""

@final
class Context:
    """The evaluation of one request. It keeps its data and what matched; a rule fires at most once in it.

    Threads may share it; calls are serialized. As a context manager it is closed at the end.
    """

    def run(self, data: Mapping[str, Any], *, timeout: float | timedelta | None = None) -> Result:
        """Evaluate data, a dict from addresses to values, within a budget in seconds or as a ``timedelta``.

        Values may be dicts, lists, tuples, strings, bytes, numbers, booleans and None, nested to any depth, and are
        copied. Strings are passed as UTF-8; lone surrogates that stand for bytes (``os.fsdecode``, WSGI) become those
        bytes, others are encoded like characters. Integers beyond 64 bits become text. Keys other than strings become
        their JSON text. Other mappings, sequences and sets are read as such, any other object is converted with
        ``str()``, or to None if that raises an ``Exception``. A container within itself becomes None. None of this
        raises.

        Up to half of the budget may be spent on converting the data. If that is not enough, the time is divided between
        its parts, and ``Result.incomplete`` says so.

        The GIL is released while data with more than 16 KiB of text is evaluated; less takes microseconds.
        """

    def run_batches(self, batches: Sequence[Mapping[str, Any]], *, timeout: float | timedelta | None = None) -> Result:
        """Evaluate several batches of data in order within one budget.

        Stops at a blocking verdict or at the end of the budget; ``Result.evaluated`` has the number of batches done.
        """

    def subcontext(self) -> Context:
        """Return a context that starts with everything this one knows; from then on the two are independent.

        For operations within a request (a file opened, a query sent) whose data must not stay.
        """

    def close(self) -> None:
        """Free the data now. Later calls find nothing."""

    def __enter__(self) -> Context: ...
    def __exit__(
        self,
        _type: type[BaseException] | None = None,
        _value: BaseException | None = None,
        _traceback: TracebackType | None = None,
        /,
    ) -> None: ...

@final
class Result:
    """What a call found, and what the caller should do.

    Text that is not UTF-8 holds surrogates; ``str.encode("utf-8", "surrogateescape")`` gives the bytes back.
    """

    @property
    def events(self) -> tuple[Event, ...]:
        """The events, one per matching rule that reports them, in evaluation order."""

    @property
    def actions(self) -> dict[str, dict[str, Any]]:
        """What to do: the parameters of each type of action, the blocking one first."""

    @property
    def attributes(self) -> dict[str, Any]:
        """Names and values for the trace."""

    @property
    def duration(self) -> float:
        """Seconds from the start of the evaluation to its end."""

    @property
    def timeout(self) -> bool:
        """Whether the budget was used up; the result has what was found until then."""

    @property
    def keep(self) -> bool:
        """Whether the trace should be kept."""

    @property
    def evaluated(self) -> int:
        """The number of batches that were evaluated completely."""

    @property
    def matched(self) -> bool:
        """Whether there is any event, action or attribute."""

    @property
    def blocked(self) -> bool:
        """Whether there is an action that ends the request: ``block_request`` or ``redirect_request``."""

    @property
    def truncated(self) -> Truncated | None:
        """What was left out of the data of this call, if anything was."""

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Why not everything was inspected; empty if it was.

        ``budget``, ``string_length``, ``container_size``, ``container_depth``, or ``unfinished`` if the budget ended
        while the data was converted.
        """

    def to_dict(self) -> dict[str, Any]:
        """Return the same as a dict of plain values, as the C library lays it out (``duration`` in nanoseconds)."""

@final
class Truncated:
    """The original size of the largest item of each kind that was cut; 0 where none was."""

    @property
    def string_length(self) -> int:
        """Characters or bytes of a string, depending on where it was cut."""

    @property
    def container_size(self) -> int:
        """Entries of a container."""

    @property
    def container_depth(self) -> int:
        """The depth of the first container that was left out."""

    @property
    def unfinished(self) -> bool:
        """Whether the budget ended before everything was converted."""

    def to_dict(self) -> dict[str, int]:
        """Return the same as a dict."""

@final
class Event:
    """A rule that matched."""

    @property
    def rule(self) -> Rule:
        """The rule."""

    @property
    def matches(self) -> tuple[Match, ...]:
        """One per condition, in order."""

    @property
    def stack_id(self) -> str | None:
        """Links the event to a stack trace taken by the caller."""

    @property
    def security_response_id(self) -> str | None:
        """Links the event to the response that blocks the request."""

    def to_dict(self) -> dict[str, Any]:
        """Return the event as a dict of plain values, as it is reported in traces."""

@final
class Rule:
    """What an event shows of its rule."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""

    @property
    def on_match(self) -> tuple[str, ...]:
        """Ids of its actions."""

@final
class Match:
    """One condition that held."""

    @property
    def operator(self) -> str:
        """The operator, with ``!`` where negated."""

    @property
    def operator_value(self) -> str:
        """The expression of ``match_regex``; empty for most operators."""

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The values that took part: one named ``input``, several for exploit detectors."""

    @property
    def highlight(self) -> tuple[str, ...]:
        """The parts that matched."""

@final
class Argument:
    """A value that took part in a match."""

    @property
    def name(self) -> str:
        """The name ``input``, or that of the detector's argument."""

    @property
    def address(self) -> str:
        """Its address."""

    @property
    def value(self) -> str:
        """The value as text, after transformers."""

    @property
    def key_path(self) -> tuple[str | int, ...]:
        """The path within the address."""

@final
class Diagnostics:
    """The diagnostics of a configuration, element by element. ``str()`` says in one line what to fix."""

    @property
    def error(self) -> str | None:
        """Why the configuration as a whole was refused."""

    @property
    def ruleset_version(self) -> str | None:
        """The version of the rules, if they have one."""

    @property
    def sections(self) -> dict[str, Section]:
        """The outcome for each section of the configuration, by name."""

    @property
    def warnings(self) -> tuple[ConfigurationWarning, ...]:
        """Warnings, and errors explained better than in ``sections``, whose texts are those of libddwaf."""

    @property
    def has_errors(self) -> bool:
        """Whether anything was refused."""

    def to_dict(self) -> dict[str, Any]:
        """Return the same as a dict of plain values, as the C library lays it out."""

@final
class ConfigurationWarning:
    """A warning about a configuration, which is in use nevertheless. ``str()`` gives it as one line."""

    @property
    def kind(self) -> str:
        """The kind of the warning.

        ``unreadable``, ``unknown_section``, ``empty``, ``no_rules``, ``invalid_pattern``, ``costly_pattern``,
        ``unknown_action``, ``unknown_address`` or ``unknown_rule``; there may be more in later versions.
        """

    @property
    def path(self) -> str:
        """The path of the configuration."""

    @property
    def section(self) -> str:
        """The section; empty for the configuration as a whole."""

    @property
    def id(self) -> str:
        """The id of the element, or ``index:N``; empty for a section as a whole."""

    @property
    def message(self) -> str:
        """The text of the warning."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Section:
    """The outcome for the elements of one section."""

    @property
    def error(self) -> str | None:
        """Why the section could not be read; nothing else is then reported."""

    @property
    def loaded(self) -> tuple[str, ...]:
        """Ids in document order."""

    @property
    def failed(self) -> tuple[str, ...]:
        """Ids of refused elements, or ``index:N`` for those without an id."""

    @property
    def skipped(self) -> tuple[str, ...]:
        """Ids of elements that are meant for other versions of the engine."""

    @property
    def errors(self) -> dict[str, tuple[str, ...]]:
        """Errors, each with the ids of the elements."""

    @property
    def warnings(self) -> dict[str, tuple[str, ...]]:
        """Warnings, each with the ids of the elements."""

@final
class Service:
    """The state of a process between requests: denylist, limits, learned responses. See ``bartizan.sdk``."""

    def __new__(cls, settings: Mapping[str, Any] | None = None) -> Service: ...
    def call(self, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Run a function of the service, or a stateless one."""

@final
class NativeScope:
    """The user state of a request without an engine."""

    def __new__(cls) -> NativeScope: ...
    def call(
        self, function: str, arguments: Mapping[str, Any], context: Context | None
    ) -> tuple[dict[str, Any], Result | None]:
        """Run a call about a user and evaluate its addresses in the context; return both results."""

def sdk_call(function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run a stateless function about users or HTTP."""

def sdk_functions() -> list[str]:
    """Return the names of the stateless functions."""

@final
class NativeEngine:
    """The engine of a process. See ``bartizan.engine``."""

    def __new__(cls, settings: Mapping[str, Any]) -> NativeEngine: ...
    @property
    def diagnostics(self) -> Diagnostics:
        """The diagnostics of the initial rules."""

    @property
    def takeover_diagnostics(self) -> Diagnostics:
        """The diagnostics of the setting ``takeover``."""

    @property
    def warnings(self) -> tuple[ConfigurationWarning, ...]:
        """Warnings about all current configurations."""

    @property
    def report(self) -> dict[str, Any]:
        """What was loaded and refused."""

    def call(self, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Run a function of the engine by name."""

    def takeover(self) -> NativeDetector | None:
        """Return the detector of account takeover, or None if detection is turned off."""

    def request(self) -> NativeRequest:
        """Begin a request."""

@final
class NativeRequest:
    """A request. See ``bartizan.engine``."""

    def call(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run a function of the request by name."""

    def body(self, piece: bytes | bytearray) -> bool:
        """Take the next piece of the body; false once no more is read."""

@final
class NativeDetector:
    """A detector of account takeover. See ``bartizan.takeover``."""

    def __new__(cls, settings: Mapping[str, Any]) -> NativeDetector: ...
    @staticmethod
    def restore(settings: Mapping[str, Any], snapshot: bytes) -> NativeDetector:
        """Return a detector that continues from the snapshot of another one."""

    def apply(self, path: str, document: Mapping[str, Any]) -> Diagnostics:
        """Set the document of a path."""

    def judge(self, function: str, given: Any) -> dict[str, Any]:
        """Process an event, or assess an attempt, with the GIL held."""

    def call(self, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Run a function of the detector by name, without the GIL."""

    def snapshot(self) -> bytes:
        """Return the state to keep across a restart."""

    def export(self, id: str, file: str) -> NativeExport | None:  # noqa: A002
        """Export a file about a signal, or return None if the signal does not exist."""

    def subscribe(self, wanted: Mapping[str, Any], callback: Callable[[dict[str, Any]], object]) -> int:
        """Call a function with each notification from now on."""

    def inbox(self, wanted: Mapping[str, Any]) -> NativeInbox:
        """Collect notifications from now on."""

@final
class NativeExport:
    """A file about a signal, piece by piece."""

    def __iter__(self) -> NativeExport: ...
    def __next__(self) -> bytes: ...

@final
class NativeInbox:
    """A queue of notifications."""

    def take(self) -> dict[str, Any] | None:
        """Remove and return the oldest notification, or None if there is none."""

    def clear(self) -> None:
        """Remove all notifications."""

    @property
    def dropped(self) -> int:
        """The number of notifications dropped because the queue was full."""

    @property
    def subscription(self) -> int:
        """The number that ``unsubscribe`` takes."""
