"""The two applications, each test with its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from site_under_test import SERVERS, Site


@pytest.fixture(params=sorted(SERVERS))
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(server: str) -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def start(mode: str, webhook: str | None = None, **more: Any) -> Site:
        sites.append(Site(server, mode, webhook, **more))
        return sites[-1]

    yield start
    for site in sites:
        site.end()
