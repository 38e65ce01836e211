"""The seed's door to the engine: everything here lives in `app.chat.local` and `app.llm.sessions`."""

from app.chat.local import LLMClient, get_llm_client, get_session_manager
from app.llm.sessions import SessionManager

__all__ = ["LLMClient", "SessionManager", "get_llm_client", "get_session_manager"]
