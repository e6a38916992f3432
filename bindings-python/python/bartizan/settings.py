"""The settings of an engine, typed. ``SETTINGS.md`` says what they do, and which variables stand in for them.

>>> from bartizan.engine import Engine
>>> from bartizan.settings import Settings
>>> settings: Settings = {"mode": "block", "allow": ["10.0.0.0/8"]}
>>> engine = Engine(**settings)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

__all__ = ["Exclusion", "Settings"]


class Exclusion(TypedDict, total=False):
    """What is not evaluated: see ``Engine.exclude``."""

    rule: str | Sequence[str]
    type: str | Sequence[str]
    path: str
    parameter: str | Sequence[str]
    header: str | Sequence[str]
    cookie: str | Sequence[str]


class Settings(TypedDict, total=False):
    """The settings of an engine beside its rules. None is as if nothing were given, but for ``enabled``."""

    mode: Literal["monitor", "block"] | None
    enabled: bool | None
    local_rules: bool | None
    exclusions: Sequence[Exclusion] | None
    allow: Sequence[str] | None
    allow_mode: Literal["bypass", "monitor"] | None
    on_incomplete: Literal["pass", "block"] | None
    block_page_html: str | None
    block_page_json: str | None
    block_page_graphql: str | None
    log_rate_limit: float | None
    obfuscator_key_regex: str | None
    obfuscator_value_regex: str | None
    timeout_us: float | None
    body_limit: int | None
    decompressed_limit: int | None
    bodies_limit: int | None
    client_ip_header: str | None
    trusted_proxies: Sequence[str] | None
    trace_rate_limit: float | None
    schema_delay: float | None
    propagate: bool | None
    takeover: bool | Mapping[str, Any] | None
    takeover_snapshot: bytes | None
    service: str | None
    env: str | None
    environment: Mapping[str, str] | None
    clock: Literal["system", "manual"] | None
    start_ms: int | None
