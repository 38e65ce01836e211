"""The files of a message before anything is stored: they are the caller's, and the model can see the images among them."""

from __future__ import annotations

from app.attachments.in_messages import Refs
from app.attachments.service import AttachmentService
from app.chat.errors import ModelCannotSeeError, portal_error
from app.chat.llm_schemas import SessionChatBody
from app.chat.repository import MessageRepository, SessionRepository
from app.db.session import Database
from app.llm.errors import LLMError, ProviderUnreachableError
from app.llm.types import Caller
from app.models.routes import ModelRoutes

_CHARS_PER_IMAGE = 2_400  # of the estimate that is reserved of a key's tokens; usage corrects it


class FileCheck:
    """Costs nothing where a message has no files."""

    def __init__(self, database: Database, attachments: AttachmentService, targets: ModelRoutes) -> None:
        self._database = database
        self._attachments = attachments
        self._targets = targets

    async def check(self, caller: Caller, body: SessionChatBody) -> int:
        """Return about how many characters the files add to the prompt.

        Raises AttachmentNotFoundError, ModelCannotSeeError, and the error of a model that is not there.
        """
        if body.regenerate_of is not None:
            model, refs = await self._question(caller, body.session_id, body.regenerate_of)
            has_image = any(ref["kind"] == "image" for ref in refs)
            if has_image:
                self._require_sight(caller, body.model or model)
            return 0
        if not body.attachments:
            return 0
        files = await self._attachments.read_all(caller.user_id, body.attachments)
        images = sum(file.kind == "image" for file in files)
        if images:
            self._require_sight(caller, body.model or await self._session_model(caller, body.session_id))
        return sum(file.text_chars or 0 for file in files) + images * _CHARS_PER_IMAGE

    def _require_sight(self, caller: Caller, model: str | None) -> None:
        """Refuse a model that is known not to see; one that was not heard of yet is the turn's own failure."""
        try:
            target = self._targets.candidates(model, caller)[0]
        except ProviderUnreachableError:
            return
        except LLMError as error:
            raise portal_error(error) from error
        if not target.can_see:
            able = [offered.alias for offered in self._targets.visible_to(caller) if offered.can_see]
            raise ModelCannotSeeError(target.alias, able)

    async def _session_model(self, caller: Caller, session_id: str) -> str | None:
        async with self._database.reading() as db:
            session = await SessionRepository(db).find(caller.user_id, session_id)
        return session.model if session is not None else None

    async def _question(self, caller: Caller, session_id: str, message_id: str) -> tuple[str | None, Refs]:
        """Return the session's model and the files of the question that is to be answered again."""
        async with self._database.reading() as db:
            session = await SessionRepository(db).find(caller.user_id, session_id)
            if session is None:
                return None, ()
            messages = MessageRepository(db)
            message = await messages.find(session.id, message_id)
            if message is not None and message.role == "assistant" and message.parent_id:
                message = await messages.find(session.id, message.parent_id)
        return session.model, (message.attachments if message is not None else None) or ()
