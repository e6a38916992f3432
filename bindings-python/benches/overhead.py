"""How long a typical GET takes from dict to result: `python benches/overhead.py RULESET.json`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import bartizan

REQUEST = {
    "http.client_ip": "203.0.113.7",
    "server.request.method": "GET",
    "server.request.uri.raw": "/products/search?q=garden+chairs&page=2&sort=price",
    "server.request.query": {"q": ["garden chairs"], "page": ["2"], "sort": ["price"]},
    "server.request.headers.no_cookies": {
        "host": "shop.example.org",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "accept-language": "en-GB,en;q=0.5",
        "accept-encoding": "gzip, deflate, br",
        "referer": "https://shop.example.org/products",
        "connection": "keep-alive",
    },
    "server.request.cookies": {"session": ["3f1c9a7be0d94b7c"], "theme": ["dark"]},
}


def measure(name: str, call: Callable[[], bartizan.Result], rounds: int = 2000) -> None:
    for _ in range(rounds // 10):
        call()
    times, engine = [], []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        result = call()
        times.append(time.perf_counter_ns() - start)
        engine.append(result.duration * 1e9)
    print(f"{name:<32} {median(times) / 1000:7.1f} us, {(median(times) - median(engine)) / 1000:6.1f} us of it outside")


rules = json.loads(Path(sys.argv[1]).read_bytes()) if len(sys.argv) > 1 else None
waf = bartizan.Waf(rules, timeout=1)
unknown = {f"unknown.{name}": value for name, value in REQUEST.items()}
measure("GET, new context", lambda: waf.context().run(REQUEST))
measure("the same under unknown addresses", lambda: waf.context().run(unknown))
