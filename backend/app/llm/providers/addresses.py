"""Which addresses a provider may be at: checked when one is configured, and again at each connection (rebinding)."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from app.llm.errors import LLMError

Address = IPv4Address | IPv6Address
# The metadata services of clouds whose address is not link-local
_METADATA = frozenset(map(ip_address, ("100.100.100.200", "fd00:ec2::254", "168.63.129.16")))


class AddressRefusedError(LLMError):
    """The address is one that a provider may not have."""

    code = "address_refused"


def check_address(address: Address, *, is_private_allowed: bool) -> None:
    """Raise AddressRefusedError for link-local and metadata addresses, and for private ones where not allowed."""
    inner = _unwrapped(address)
    if inner in _METADATA or inner.is_link_local or inner.is_multicast or inner.is_unspecified:
        raise AddressRefusedError("No provider may be at a link-local, metadata or multicast address.")
    if not is_private_allowed and not inner.is_global:
        raise AddressRefusedError(
            "The address is in a private network. Allow private networks for this provider if that is meant."
        )


def check_url(url: str, *, is_private_allowed: bool) -> None:
    """Check an address as written; a host's name is checked when it is resolved. Raises AddressRefusedError."""
    parts = urlsplit(url)
    try:
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefusedError("The address makes no sense.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise AddressRefusedError("The address must begin with http:// or https:// and name a host.")
    if parts.username or parts.password:
        raise AddressRefusedError("The address must hold no user name and no password.")
    literal = literal_address(host)
    if literal is not None:
        check_address(literal, is_private_allowed=is_private_allowed)
    elif not is_private_allowed and (host == "localhost" or host.endswith(".localhost")):
        raise AddressRefusedError(
            "The address is this machine itself. Allow private networks for this provider if that is meant."
        )


def literal_address(host: str) -> Address | None:
    """Read a host as the system's own resolver would read a number (`0x7f.1` is one), or None for a name."""
    try:
        return ip_address(host.split("%", 1)[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


class CheckedResolver(AbstractResolver):
    """Resolves names for one provider's connections, and refuses them when an address is not allowed."""

    def __init__(self, *, is_private_allowed: bool, inner: AbstractResolver | None = None) -> None:
        self._is_private_allowed = is_private_allowed
        self._inner = inner or DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises AddressRefusedError when one of them is not allowed."""
        found = await self._inner.resolve(host, port, family)
        for result in found:
            check_address(
                ip_address(result["host"].split("%", 1)[0]), is_private_allowed=self._is_private_allowed
            )
        return found

    async def close(self) -> None:
        await self._inner.close()


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    packed = address.packed
    if packed[:12] in (b"\x00" * 12, b"\x00\x64\xff\x9b" + b"\x00" * 8) and packed[12:] > b"\x00\x00\x00\x01":
        return IPv4Address(packed[12:])
    return address
