"""Where an answer goes and in what form: frames of the portal's own contract, or a game's plain text. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from app.bridge.frames import Frame, encode
from app.bridge.hints import hint_of

Form = Literal["frames", "text", "hint"]


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """A topic, the caller's Correlation Data, and the form."""

    topic: str
    form: Form = "frames"
    correlation: bytes | None = None

    @classmethod
    def of(cls, stored: dict[str, Any]) -> ReplyTo:
        correlation = stored["correlation"]
        return cls(
            stored["topic"], stored["form"], None if correlation is None else bytes.fromhex(correlation)
        )

    def as_json(self) -> dict[str, Any]:
        correlation = None if self.correlation is None else self.correlation.hex()
        return {"topic": self.topic, "form": self.form, "correlation": correlation}


def render(form: Form, frame: Frame) -> bytes:
    """Return the payload of a last frame."""
    if form == "frames":
        return encode(frame)
    if "error" in frame:
        return f"Error: {frame['error']['message']}".encode()
    text = str(frame.get("text", "OK"))
    return hint_of(text) if form == "hint" else text.encode()
