"""What the template endpoints ask for: the caller and the service of the running portal."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.auth.deps import ChatUser, SignedInUser
from app.templates.service import TemplateService

Reader = ChatUser
Author = SignedInUser


async def get_templates(request: Request) -> TemplateService:
    templates: TemplateService = request.app.state.runtime.templates
    return templates


Templates = Annotated[TemplateService, Depends(get_templates)]
