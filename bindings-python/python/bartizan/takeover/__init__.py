"""In-process detection of account takeover and business-logic abuse, from events to signals and blocks.

An `Engine` has a detector (``engine.takeover``), which gets the events of its requests. A stand-alone `Detector` is
for hosts that do not use the requests of an engine, for tests and for replays:

>>> from bartizan.takeover import Detector
>>> detector = Detector(clock="manual")
>>> for n in range(31):
...     verdict = detector.event({"event": "users.login.failure", "usr.login": f"user{n}", "ip": "203.0.113.9"})
>>> verdict["opened"]
True
>>> signal = detector.signals()[0]
>>> signal["rule"]["id"], signal["counts"]["failures"]
('ato-credential-stuffing', 31)

A `Notifier` posts notifications to a webhook, Slack, Teams or PagerDuty.
"""

from bartizan.takeover._detector import Detector
from bartizan.takeover._notifier import Notifier

__all__ = ["Detector", "Notifier"]
