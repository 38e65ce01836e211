"""HTTP to one model server over a shared aiohttp session; every failure leaves here as a typed error without address or key."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from socket import gaierror
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from app.llm.errors import (
    LLMError,
    ProviderProtocolError,
    ProviderTimeoutError,
    ProviderUnreachableError,
    StreamInterruptedError,
)
from app.llm.providers.addresses import CheckedResolver
from app.llm.providers.base import Timeouts, error_from_body
from app.llm.providers.wire_client import (
    ConnectFailedError,
    ConnectionBrokenError,
    WireConnection,
    WirePool,
)

Answer = aiohttp.ClientResponse | WireConnection
_MAX_ERROR_BYTES = 64 * 1024
_VERSION = re.compile(r"/v[0-9]+$")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is; `base_url` has no trailing `/v1`.

    `has_version`: it ends in another one, which stands for OpenAI's (`…/api/paas/v4/chat/completions`).
    """

    base_url: str
    api_key: str = ""
    key_header: str = ""
    extra_headers: tuple[tuple[str, str], ...] = ()
    has_version: bool = False

    @classmethod
    def of(cls, url: str, api_key: str = "") -> Endpoint:
        """Take an address as people write it: with or without `/v1`, or all the way to the chat completions."""
        address = url.rstrip("/").removesuffix("/chat/completions").rstrip("/")
        address = address.removesuffix("/v1").rstrip("/")
        return cls(address, api_key, has_version=_VERSION.search(address) is not None)

    def route(self, path: str) -> str:
        """Return what comes behind the address for a route of OpenAI's (`/v1/…`), or one of the server's own."""
        return path.removeprefix("/v1") if self.has_version and path.startswith("/v1/") else path

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What every request carries: the key, and what goes with it."""
        if not self.api_key:
            return self.extra_headers
        if self.key_header:
            return (self.key_header, self.api_key), *self.extra_headers
        return ("Authorization", f"Bearer {self.api_key}"), *self.extra_headers

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be in a message: the key, the address, its host with port."""
        return (self.api_key, self.base_url, urlsplit(self.base_url).netloc)


class Transport:
    """One client session for all requests of a provider; made on first use, in the loop that uses it.

    Args:
        is_private_allowed: whether connections may go to private addresses; None checks none of them.
    """

    def __init__(self, name: str, timeouts: Timeouts, is_private_allowed: bool | None = None) -> None:
        self._name = name
        self._timeouts = timeouts
        self._is_private_allowed = is_private_allowed
        self._session: aiohttp.ClientSession | None = None
        self._pool: tuple[str, WirePool | None] | None = None

    async def open_stream(
        self,
        endpoint: Endpoint,
        path: str,
        body: dict[str, Any],
        *,
        closes_after: bool,
        is_stream: bool = True,
    ) -> aiohttp.ClientResponse:
        """POST and return the answer with its body unread, once the status says 200. Raises LLMError.

        An answer that is no stream has all the time there is: its headers come when it is complete.
        A connection that breaks before the first byte is tried once more: a kept-alive one may have been closed by
        the server just then.
        """
        accepted = "text/event-stream" if is_stream else "application/json"
        headers = {"Accept": accepted, "Accept-Encoding": "identity"}
        if closes_after:
            headers["Connection"] = "close"
        payload = _encoded(body)
        seconds = self._timeouts.total_seconds
        if is_stream:
            seconds = min(self._timeouts.first_token_seconds, seconds)
        try:
            async with asyncio.timeout(seconds):
                try:
                    response = await self._post(endpoint, path, payload, headers)
                except (
                    aiohttp.ServerDisconnectedError,
                    ConnectionResetError,
                    aiohttp.ClientOSError,
                ) as error:
                    if isinstance(error, aiohttp.ClientConnectorError):
                        raise
                    response = await self._post(endpoint, path, payload, headers)
        except Exception as error:
            raise self._translate(error, "answer", seconds) from error
        if response.status != 200:
            raise await self._refusal(response, endpoint)
        return response

    async def open_relay(
        self, endpoint: Endpoint, path: str, body: dict[str, Any], *, closes_after: bool, is_stream: bool
    ) -> Answer:
        """POST as `open_stream` does, over a bare connection where the address allows it. Raises LLMError."""
        pool = self._wire_pool(endpoint)
        if pool is None:
            return await self.open_stream(
                endpoint, path, body, closes_after=closes_after, is_stream=is_stream
            )
        payload = _encoded(body)
        seconds = self._timeouts.total_seconds
        if is_stream:
            seconds = min(self._timeouts.first_token_seconds, seconds)
        try:
            head = _request_head(endpoint, path, closes_after=closes_after, is_stream=is_stream)
            response = await self._asked(pool, head % len(payload) + payload, seconds)
        except Exception as error:
            raise self._translate(error, "answer", seconds) from error
        if response.status != 200:
            raise await self._refusal(response, endpoint)
        return response

    async def _asked(self, pool: WirePool, request: bytes, seconds: float) -> WireConnection:
        """Send a request and wait for its head; over a new connection when the first one breaks before a byte came."""
        is_again = False
        while True:
            try:
                connection = await pool.connection(self._timeouts.connect_seconds, is_new=is_again)
            except TimeoutError as error:
                raise aiohttp.ConnectionTimeoutError from error
            try:
                connection.send(pool, request)
                await connection.head(seconds)
            except BaseException as error:
                connection.close()
                if is_again or connection.has_bytes or not isinstance(error, ConnectionBrokenError):
                    raise
                is_again = True
            else:
                return connection

    def _wire_pool(self, endpoint: Endpoint) -> WirePool | None:
        """Return the connections to an address; None for one that needs more than plain HTTP."""
        if self._pool is None or self._pool[0] != endpoint.base_url:
            url = urlsplit(endpoint.base_url)
            is_plain = url.scheme == "http" and url.hostname and "@" not in url.netloc and not url.query
            if self._pool is not None and self._pool[1] is not None:
                self._pool[1].close()
            pool = None
            if is_plain and url.hostname:
                pool = WirePool(url.hostname, url.port or 80, self._resolver())
            self._pool = endpoint.base_url, pool
        return self._pool[1]

    def _resolver(self) -> CheckedResolver | None:
        allowed = self._is_private_allowed
        return None if allowed is None else CheckedResolver(is_private_allowed=allowed)

    async def next_piece(self, response: Answer, *, has_begun: bool = True) -> bytes:
        """Return what has come of a body, empty at its end. Raises LLMError when the stream breaks or stalls.

        Before the answer has begun the wait is the one for the first token: a long prefill is no stall.
        """
        seconds = self._timeouts.chunk_seconds if has_begun else self._timeouts.first_token_seconds
        content = response.content
        try:
            if content.exception() is None and (data := content.read_nowait()):
                return data
            if content.at_eof():
                return b""
            if isinstance(response, WireConnection):
                return await response.readany(seconds)
            async with asyncio.timeout(seconds):
                return await content.readany()
        except TimeoutError as error:
            raise self._translate(error, "chunk" if has_begun else "first_token", seconds) from error
        except (aiohttp.ClientError, ConnectionBrokenError) as error:
            if not has_begun:
                raise self._translate(error, "first_token", seconds) from error
            raise StreamInterruptedError(
                "The model server closed the connection in the middle of its answer.",
                provider=self._name,
                is_retryable=True,
            ) from error

    async def ask(
        self,
        endpoint: Endpoint,
        method: str,
        path: str,
        *,
        seconds: float,
        body: dict[str, Any] | None = None,
    ) -> Any:
        """Send a short request and return its JSON. Raises LLMError."""
        received = await self._exchange(endpoint, method, path, body, seconds)
        try:
            return orjson.loads(received)
        except orjson.JSONDecodeError as error:
            raise ProviderProtocolError(
                "The model server's answer is no JSON.", provider=self._name
            ) from error

    async def check(self, endpoint: Endpoint, path: str, *, seconds: float) -> None:
        """GET a route whose status alone matters (vLLM's /health has an empty body). Raises LLMError unless it is 200."""
        await self._exchange(endpoint, "GET", path, None, seconds)

    async def _exchange(
        self, endpoint: Endpoint, method: str, path: str, body: dict[str, Any] | None, seconds: float
    ) -> bytes:
        data = _encoded(body) if body is not None else None
        try:
            async with asyncio.timeout(seconds):
                async with await self._request(method, endpoint, path, data, {}) as response:
                    if response.status != 200:
                        raise await self._refusal(response, endpoint)
                    return await response.read()
        except Exception as error:
            raise self._translate(error, "answer", seconds) from error

    async def close(self) -> None:
        """Close the session and its connections."""
        if self._pool is not None and self._pool[1] is not None:
            self._pool[1].close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(
        self, endpoint: Endpoint, path: str, payload: bytes, headers: dict[str, str]
    ) -> aiohttp.ClientResponse:
        return await self._request("POST", endpoint, path, payload, headers)

    async def _request(
        self, method: str, endpoint: Endpoint, path: str, data: bytes | None, headers: dict[str, str]
    ) -> aiohttp.ClientResponse:
        headers = {**headers, **dict(endpoint.headers)}
        if data is not None:
            headers = {**headers, "Content-Type": "application/json"}
        url = endpoint.base_url + endpoint.route(path)
        return await self._opened().request(method, url, data=data, headers=headers, allow_redirects=False)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Admission bounds what is in flight; a second bound here would only hide a queue.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30, resolver=self._resolver())
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeouts.connect_seconds)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=256 * 1024,
                headers={"User-Agent": "prompt-portal"},
            )
        return self._session

    async def _refusal(self, response: Answer, endpoint: Endpoint) -> LLMError:
        try:
            async with asyncio.timeout(self._timeouts.connect_seconds):
                body = await response.content.read(_MAX_ERROR_BYTES)
        except (TimeoutError, aiohttp.ClientError, ConnectionBrokenError):
            body = b""
        finally:
            response.close()
        retry_after = response.headers.get("retry-after")
        return error_from_body(self._name, response.status, body, retry_after, endpoint.secrets)

    def _translate(self, error: Exception, wait: str, seconds: float) -> LLMError:
        """Type an exception of aiohttp or asyncio; its own words, which hold the address, stay in the cause."""
        if isinstance(error, LLMError):
            return error
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            limit = self._timeouts.connect_seconds
            message = f"No connection to the model server within {limit:g} s."
            return ProviderTimeoutError(
                message, provider=self._name, is_retryable=True, details={"wait": "connect"}
            )
        if isinstance(error, TimeoutError):
            message = f"No answer from the model server within {seconds:g} s."
            return ProviderTimeoutError(
                message, provider=self._name, is_retryable=True, details={"wait": wait}
            )
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            message = "The model server's certificate is not trusted by this machine."
        elif isinstance(error, aiohttp.ClientConnectorSSLError):
            message = "The model server does not answer as https should. Is its address one of http?"
        elif isinstance(error, aiohttp.ClientConnectorDNSError) or isinstance(error.__cause__, gaierror):
            message = "Nobody knows the name of the model server's machine."
        elif isinstance(error, aiohttp.ClientConnectorError | ConnectFailedError):
            message = "No connection to the model server."
        elif isinstance(error, aiohttp.InvalidURL | ValueError):
            message = "The model server's address is not valid."
        else:
            message = "The model server closed the connection before it answered."
        return ProviderUnreachableError(message, provider=self._name, is_retryable=True)


@lru_cache(maxsize=64)
def _request_head(endpoint: Endpoint, path: str, *, closes_after: bool, is_stream: bool) -> bytes:
    """Return what stands before a body, with a place for its length.

    Raises ValueError for an address or a key that could forge a header.
    """
    url = urlsplit(endpoint.base_url)
    lines = [
        f"POST {url.path}{endpoint.route(path)} HTTP/1.1",
        f"Host: {url.netloc}",
        "User-Agent: prompt-portal",
        f"Accept: {'text/event-stream' if is_stream else 'application/json'}",
        "Accept-Encoding: identity",
        "Content-Type: application/json",
    ]
    if closes_after:
        lines.append("Connection: close")
    lines += [f"{name}: {value}" for name, value in endpoint.headers]
    if any(not line.isprintable() for line in lines):
        raise ValueError("a line break or a control character in the address or the key")
    head = "\r\n".join(lines).replace("%", "%%")
    return f"{head}\r\nContent-Length: %d\r\n\r\n".encode()


def _encoded(body: Any) -> bytes:
    """Encode a request; a number of more than 64 bits, which orjson refuses, goes as the caller wrote it."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body).encode()
