"""What the chat endpoints ask for: the caller, the services of the running portal, the request's headers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from app.auth.deps import ChatModelCaller, ChatUser
from app.chat.runtime import Runtime
from app.chat.service import ChatService
from app.chat.session_service import SessionService
from app.chat.turn_service import TurnService

Chatter = ChatUser
ModelCaller = ChatModelCaller


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


Chat = Annotated[ChatService, Depends(get_chat)]
Turns = Annotated[TurnService, Depends(get_turns)]
Sessions = Annotated[SessionService, Depends(get_sessions)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Sent again with the same request, it answers with the same turn instead of making a second one.",
    ),
]
