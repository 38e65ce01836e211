"""The seed's door to the routes: `router` lives in `app.chat.llm_endpoints`."""

from app.chat.llm_endpoints import router

__all__ = ["router"]
