"""A server that echoes, with TLS on offer, for the tests of the wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pymlsql.embedded.certificate import tls_context
from pymlsql.embedded.endpoint import Options
from tests.unit.tds.echo_engine import EchoEngine
from tests.unit.tds.serving import serving


@pytest.fixture(scope="session")
def echo_server() -> Iterator[tuple[EchoEngine, int]]:
    """The engine, to look at, and the port. A wrong password waits 0.2 s here."""
    options = Options(tls=tls_context(), strict_tls=tls_context(strict=True), refusal_delay_s=0.2)
    with serving(options) as served:
        yield served
