"""Web application firewall, runtime exploit prevention and user monitoring in one engine.

>>> import bartizan
>>> waf = bartizan.Waf({
...     "version": "2.2",
...     "rules": [{
...         "id": "r1", "name": "finds attacks", "tags": {"type": "demo", "category": "attack_attempt"},
...         "conditions": [{"operator": "match_regex", "parameters": {
...             "regex": "attack", "inputs": [{"address": "server.request.query"}]}}],
...         "on_match": ["block"],
...     }],
... })
>>> with waf.context() as context:
...     result = context.run({"server.request.query": {"q": ["an attack"]}})
>>> result.events[0].rule.id, result.blocked
('r1', True)
"""

from bartizan import engine, sdk, takeover
from bartizan._calls import protect_calls
from bartizan._errors import ArgumentError, BartizanError, ConfigurationError, InternalError
from bartizan._native import (
    ENGINE_VERSION,
    Argument,
    ConfigurationWarning,
    Context,
    Diagnostics,
    Event,
    Match,
    Result,
    Rule,
    Section,
    Truncated,
    Waf,
    __version__,
)

__all__ = [
    "ENGINE_VERSION",
    "Argument",
    "ArgumentError",
    "BartizanError",
    "ConfigurationError",
    "ConfigurationWarning",
    "Context",
    "Diagnostics",
    "Event",
    "InternalError",
    "Match",
    "Result",
    "Rule",
    "Section",
    "Truncated",
    "Waf",
    "__version__",
    "engine",
    "protect_calls",
    "sdk",
    "takeover",
]
