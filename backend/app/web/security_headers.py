"""Security headers on every response: a strict CSP without inline script, no sniffing, no framing (OWASP ASVS 5, V3.4)."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.secret_paths import is_secret


def _policy(images: str) -> str:
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            # Style attributes are set by the component library and by highlighted code; no script can come of them.
            "style-src 'self' 'unsafe-inline'",
            f"img-src {images}",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


CONTENT_SECURITY_POLICY = _policy("'self' data: blob: https:")
# A shared conversation is read by people who trust neither its writer nor its model: no image tells anyone that they did.
SHARED_POLICY = _policy("'self' data:")

_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

_API = ("/api/", "/v1/")

_SECRET_PAGE_HEADERS = {
    "content-security-policy": SHARED_POLICY,
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


class SecurityHeadersMiddleware:
    """Pure ASGI; a header that a route has set itself is kept. API answers are never cached."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self.app = app
        headers = dict(_HEADERS)
        if is_https:
            headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        self._names = frozenset(name.encode() for name in {**headers, **_SECRET_PAGE_HEADERS})
        self._page = _encoded(headers)
        self._api = _encoded({**headers, "cache-control": "no-store"})
        self._secret = _encoded({**headers, **_SECRET_PAGE_HEADERS})

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        path = scope["path"]
        wanted = self._secret if is_secret(path) else self._api if path.startswith(_API) else self._page

        # No coroutine of its own: one for each piece of each stream would cost more than what is done here.
        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                given = message["headers"]
                if self._names.isdisjoint(present := dict(given)):
                    message["headers"] = [*given, *wanted]
                else:
                    message["headers"] = [*given, *(pair for pair in wanted if pair[0] not in present)]
            return send(message)

        return self.app(scope, receive, send_with_headers)


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
