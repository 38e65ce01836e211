"""What the chat endpoints ask for: the caller, the services of the running portal, the request's headers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from app.auth.deps import ChatModelCaller, ChatUser, pending_user
from app.auth.principal import Principal
from app.chat.export_service import ExportService
from app.chat.import_service import ImportService
from app.chat.runtime import Runtime
from app.chat.service import ChatService
from app.chat.session_service import SessionService
from app.chat.share_service import ShareService
from app.chat.turn_service import TurnService

Chatter = ChatUser
ModelCaller = ChatModelCaller


async def publisher(principal: ChatUser) -> Principal:
    """Return a signed-in person: a key that leaks from a game must not publish on the portal's address."""
    return await pending_user(principal)


Publisher = Annotated[Principal, Depends(publisher)]


async def get_runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]


async def get_chat(runtime: RuntimeDep) -> ChatService:
    return runtime.chat


async def get_turns(runtime: RuntimeDep) -> TurnService:
    return runtime.turns


async def get_sessions(runtime: RuntimeDep) -> SessionService:
    return runtime.session_service


async def get_exports(runtime: RuntimeDep) -> ExportService:
    return runtime.exports


async def get_imports(runtime: RuntimeDep) -> ImportService:
    return runtime.imports


async def get_shares(runtime: RuntimeDep) -> ShareService:
    return runtime.shares


Chat = Annotated[ChatService, Depends(get_chat)]
Turns = Annotated[TurnService, Depends(get_turns)]
Sessions = Annotated[SessionService, Depends(get_sessions)]
Exports = Annotated[ExportService, Depends(get_exports)]
Imports = Annotated[ImportService, Depends(get_imports)]
Shares = Annotated[ShareService, Depends(get_shares)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Sent again with the same request, it answers with the same turn instead of making a second one.",
    ),
]
