"""Turns every exception into the portal's error body: native under /api, OpenAI's or Anthropic's shape under /v1."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.coord.base import CoordUnavailableError
from app.errors import (
    BadRequestError,
    NotFoundError,
    PortalError,
    TooLargeError,
    UnavailableError,
    UnprocessableError,
    render_anthropic,
    render_native,
    render_openai,
    response_headers,
)
from app.kit.logging import request_id_var
from app.web.secret_paths import loggable

logger = logging.getLogger("portal.error")


def install_error_handlers(app: FastAPI) -> None:
    """Register the handlers; nothing leaves the portal in another shape."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


class UnexpectedErrorMiddleware:
    """Pure ASGI, the innermost layer: a bug below it is a 500 in the portal's shape, with the request's id and headers.

    Once an answer has begun it can only be broken off, so such an error goes on to the server.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        def send_noted(message: Message) -> Awaitable[None]:
            nonlocal has_begun
            has_begun = True
            return send(message)

        try:
            await self.app(scope, receive, send_noted)
        except Exception as error:
            if has_begun:
                raise
            response = await _bug(Request(scope), error)
            await response(scope, receive, send)


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer an exception that was caught before FastAPI could, in the same way."""
    handler = next(handler for kind, handler in _HANDLERS.items() if isinstance(error, kind))
    return await handler(request, error)


def error_response(error: PortalError, path: str) -> Response:
    """Render an error for the door that `path` belongs to."""
    render = render_openai if path.startswith("/v1") else render_native
    if path.startswith("/v1/messages"):
        render = render_anthropic
    return Response(
        orjson.dumps(render(error, request_id_var.get())),
        status_code=error.status,
        headers=response_headers(error),
        media_type="application/json",
    )


async def send_error(error: PortalError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer from within a middleware, before any route ran."""
    await error_response(error, scope["path"])(scope, receive, send)


async def _portal_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PortalError)
    return error_response(error, request.url.path)


async def _coordination_away(request: Request, error: Exception) -> Response:
    logger.warning("coordination does not answer: %s", error)
    away = UnavailableError(
        "The portal's shared store does not answer. Try again in a moment.", retry_after_seconds=2
    )
    return error_response(away, request.url.path)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return error_response(
        describe_validation(error.errors(), request.headers.get("content-type", "")), request.url.path
    )


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    portal_error: PortalError
    if error.status_code == 404:
        portal_error = NotFoundError(f"There is nothing at {request.method} {request.url.path}.")
    elif error.status_code == 413:
        portal_error = TooLargeError(str(error.detail))
    elif error.status_code == 400:
        portal_error = BadRequestError(
            "The body could not be read; it must be JSON in UTF-8.", code="invalid_body"
        )
    elif error.status_code == 405:
        portal_error = PortalError(
            f"{request.method} is not allowed here.{_advice(request.url.path)}",
            code="method_not_allowed",
            status=405,
        )
    else:
        portal_error = PortalError(str(error.detail), code="http_error", status=error.status_code)
    response = error_response(portal_error, request.url.path)
    response.headers.update(error.headers or {})
    return response


def _advice(path: str) -> str:
    """Return what is most often wrong about a path at which only the page is."""
    if path.startswith(("/api", "/v1")):
        return ""
    return " OpenAI's API is below /v1: the base URL of its SDKs ends in /v1."


async def _bug(request: Request, error: Exception) -> Response:
    logger.error("unhandled error in %s %s", request.method, loggable(request.url.path), exc_info=error)
    return error_response(
        PortalError("Something went wrong inside the portal. The log has the cause under this request id."),
        request.url.path,
    )


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    PortalError: _portal_error,
    CoordUnavailableError: _coordination_away,
    RequestValidationError: _validation_error,
    HTTPException: _http_exception,
    Exception: _bug,
}


def describe_validation(errors: Sequence[Mapping[str, Any]], content_type: str) -> PortalError:
    """Say in one sentence which field is wrong and why; `details.fields` lists all of them."""
    if any(error["type"] == "json_invalid" for error in errors):
        return BadRequestError("The body is not valid JSON.", code="invalid_json")
    is_json = "json" in content_type
    if not is_json and any(error["loc"] == ("body",) for error in errors):
        return UnprocessableError(
            "The body was not read as JSON. Send it with the header `Content-Type: application/json`."
        )
    fields = [{"field": _field_name(error["loc"]), "problem": _problem(error)} for error in errors]
    sentence = "; ".join(f"{field['field']}: {field['problem']}" for field in fields[:3])
    return UnprocessableError(f"{sentence}.", details={"fields": fields})


def _problem(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "this field is not known"
    message = str(error["msg"])
    return message.removeprefix("Value error, ").rstrip(".")


_KINDS = re.compile(r"(function-\w+|constrained-\w+|list|dict|tuple|set|literal|nullable)\[.*\]", re.DOTALL)
"""How Pydantic names what a field may be, where it may be one of several kinds."""


def _field_name(location: Sequence[str | int]) -> str:
    inside = location[1:] if location[0] in ("body", "query", "path") else location
    parts = [str(part) for part in inside if not _KINDS.fullmatch(str(part))]
    return ".".join(parts) or str(location[0])
