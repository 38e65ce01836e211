"""Where a provider may be: link-local and metadata never, private networks when allowed, also after a name is resolved."""

from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from app.llm.providers.addresses import AddressRefusedError, CheckedResolver, check_url

NEVER = [
    "http://169.254.169.254/latest",
    "http://[fe80::1]",
    "http://[::ffff:169.254.169.254]",
    "http://[::ffff:a9fe:a9fe]",
    "http://[64:ff9b::a9fe:a9fe]",
    "http://[2002:a9fe:a9fe::1]",
    "http://0xa9fea9fe",
    "http://2852039166",
    "http://0251.0376.0251.0376",
    "http://169.254.43518",
    "http://100.100.100.200",
    "http://[fd00:ec2::254]",
    "http://0.0.0.0:8000",
    "http://224.0.0.1",
    "ftp://example.org",
    "file:///etc/passwd",
    "http://",
    "http://user:pass@example.org",
    "http://example.org:port",
]
PRIVATE = [
    "http://127.0.0.1:8000",
    "http://localhost:8000",
    "http://api.localhost",
    "http://0x7f.1",
    "http://2130706433",
    "http://017700000001",
    "http://[::1]:8000",
    "http://[::ffff:7f00:1]",
    "http://10.1.2.3",
    "http://172.16.0.1",
    "http://192.168.1.1",
    "http://100.64.0.1",
    "http://[fd12::1]",
]


@pytest.mark.parametrize("url", NEVER)
@pytest.mark.parametrize("is_private_allowed", [True, False])
def test_some_addresses_are_never_a_providers(url: str, is_private_allowed: bool) -> None:
    with pytest.raises(AddressRefusedError):
        check_url(url, is_private_allowed=is_private_allowed)


@pytest.mark.parametrize("url", PRIVATE)
def test_private_networks_are_for_those_who_were_allowed(url: str) -> None:
    check_url(url, is_private_allowed=True)
    with pytest.raises(AddressRefusedError):
        check_url(url, is_private_allowed=False)


@pytest.mark.parametrize(
    "url", ["https://api.example.org/v1", "http://93.184.216.34:80", "https://[2606:2800::1]"]
)
def test_public_addresses_are_free(url: str) -> None:
    check_url(url, is_private_allowed=False)


class Answers(AbstractResolver):
    def __init__(self, *hosts: str) -> None:
        self.hosts = hosts

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=found, port=port, family=family, proto=0, flags=0)
            for found in self.hosts
        ]

    async def close(self) -> None:
        return None


@pytest.mark.parametrize(
    "hosts", [("10.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("::ffff:7f00:1",), ("fe80::1%eth0",)]
)
async def test_a_name_that_leads_to_a_private_address_is_refused_at_the_connection(
    hosts: tuple[str, ...],
) -> None:
    resolver = CheckedResolver(is_private_allowed=False, inner=Answers(*hosts))
    with pytest.raises(AddressRefusedError):
        await resolver.resolve("rebound.example.org", 443)


async def test_a_name_that_leads_to_a_public_address_is_resolved() -> None:
    resolver = CheckedResolver(is_private_allowed=False, inner=Answers("93.184.216.34"))
    assert [found["host"] for found in await resolver.resolve("example.org", 443)] == ["93.184.216.34"]
