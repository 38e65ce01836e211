"""What a person reads when the portal has started: the address, how to sign in, which model answers."""

from __future__ import annotations

from dataclasses import dataclass

from app.config import Settings
from app.embedded.checks import check_machine
from app.embedded.errors import EmbeddedServerError
from app.embedded.gguf import read_model_file
from app.launch.settings import place_of_settings

_CHANGE = "LLM_SERVER_URL=… for a model server, or LLM_MODEL_PATH=….gguf for another file"


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """The account made on the first start. The password is shown once and kept nowhere."""

    email: str
    one_time_password: str


def greeting(settings: Settings, address: str, admin: FirstAdmin | None) -> str:
    """Return the lines to print once the portal listens at `address`."""
    lines = ["", f"  Prompt Portal   {settings.portal_public_url or address}"]
    if admin is not None:
        lines += sign_in_lines(admin)
    lines += [f"  Model           {model_line(settings)}"]
    lines += [f"                  To change it: {_CHANGE}, in {place_of_settings()}"]
    if not settings.is_loopback and not settings.portal_public_url.startswith("https://"):
        lines += [
            "  Note            Others can reach this address, and it has no TLS: put a proxy in front and set PORTAL_PUBLIC_URL"
        ]
    return "\n".join([*lines, "  Stop            Ctrl-C", ""])


def sign_in_lines(admin: FirstAdmin) -> list[str]:
    """Return the lines that tell the first admin's one-time password."""
    return [
        f"  Sign in         {admin.email}",
        f"  Password        {admin.one_time_password}   (one time: shown only now, to be changed at the first sign-in)",
    ]


def model_line(settings: Settings) -> str:
    """Say in one line which model answers."""
    if not settings.is_embedded:
        return f"{settings.llm_model_name or 'what the server offers'}, at {settings.llm_server_url}"
    try:
        check_machine()
        read_model_file(settings.embedded_model)
    except EmbeddedServerError as error:
        return f"none answers. {error.message}"
    if settings.is_demo_model:
        return "the demo model: tiny, for a first look, by the embedded llama.cpp"
    return f"{settings.embedded_model.name}, by the embedded llama.cpp"


def url_of(host: str, port: int) -> str:
    """Return an address that a browser on this machine can open."""
    if host in ("0.0.0.0", "", "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
