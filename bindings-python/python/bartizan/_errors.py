"""The exceptions of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bartizan._native import Diagnostics


class BartizanError(Exception):
    """The base of all exceptions of this package."""


class ConfigurationError(BartizanError, ValueError):
    """A ruleset or another configuration that cannot be used.

    The message says what to fix; ``diagnostics`` reports on each element.
    """

    def __init__(self, message: str, diagnostics: Diagnostics) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


class ArgumentError(BartizanError, ValueError):
    """An argument that a function about users or HTTP cannot use."""


class InternalError(BartizanError, RuntimeError):
    """The engine failed. The context that raised this must not be used any more; others are not affected."""
