"""Serves the application for the takeover scenario: serve.py, with the settings, a JSON object, as input.

`takeover` is the document of the detector, `rules` those of the engine, `webhook` and `secret` say where notifications go,
`snapshot` and `start_ms` from what and when detection continues, with a clock that the operator advances. The
port is the first line of the output. Below `/-/` is what an operator of the process would call.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from app import make_app
from bartizan.engine import Engine
from bartizan.takeover import Notifier
from bartizan.wsgi import Protection
from werkzeug.serving import make_server


def main() -> None:
    """Serve until the process is ended."""
    settings = json.load(sys.stdin)
    past: dict[str, Any] = {}
    if settings["snapshot"]:
        past = {"takeover_snapshot": base64.b64decode(settings["snapshot"]), "clock": "manual"}
        past["start_ms"] = settings["start_ms"]
    engine = Engine(
        settings["rules"], takeover=settings["takeover"], trusted_proxies=["127.0.0.0/8"], service="shop", **past
    )
    for path, document in settings["remote"]:
        engine.apply_remote(changed=[(path, document)])
    detector = engine.takeover
    assert detector is not None
    if settings["webhook"]:
        Notifier(detector, "webhook", settings["webhook"], secret=settings["secret"], backoff=0.1)

    def operate(verb: str, arguments: dict[str, Any]) -> Any:
        if verb == "snapshot":
            return base64.b64encode(detector.snapshot()).decode()
        return getattr(detector, verb)(**arguments)

    application = Protection(make_app(), engine)

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith("/-/"):
            return application(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        answer = operate(path[3:], json.loads(environ["wsgi.input"].read(length) or "{}"))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    server = make_server("127.0.0.1", 0, serve, threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
