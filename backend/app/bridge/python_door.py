"""A game's message answered from plain Python, without a broker."""

from __future__ import annotations

from app.chat.local import get_session_manager
from app.projects.builtin import builtin_settings


def process_user_input_with_llm(
    session_id: str,
    user_message: str,
    system_prompt: str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    *,
    project: str = "prompt_portal",
) -> str:
    """Answer one message in a session of the local user. Raises LLMError when the turn failed.

    Without a `system_prompt` the project's built-in one is used.
    """
    prompt = builtin_settings(project).system_prompt if system_prompt is None else system_prompt
    manager = get_session_manager()
    return manager.process_message(session_id, prompt, user_message, temperature, top_p, max_tokens)
