"""Read the settings for a start from the terminal, or say in one line each what is wrong with them."""

from __future__ import annotations

import os

from pydantic import SecretStr, ValidationError

from app.config import Settings, get_settings
from app.launch.errors import LaunchError


def read_settings(**overrides: str | int | None) -> Settings:
    """Return the process's settings; an override (a command-line flag) wins over the environment and `.env`.

    Raises:
        LaunchError: for values that do not fit, without repeating those of secrets.
    """
    for name, value in overrides.items():
        if value is not None:
            # through the environment, so that the application reads the same settings as the launcher
            os.environ[name.upper()] = str(value)
    get_settings.cache_clear()
    try:
        return get_settings()
    except ValidationError as error:
        raise LaunchError(explain(error)) from None
    except UnicodeDecodeError as error:
        raise LaunchError(f"A .env file is not UTF-8 text ({error.reason} at byte {error.start}).") from None
    except OSError as error:
        raise LaunchError(
            f"{error.filename} cannot be read by this account: {error.strerror}. Make it its own (chown)."
        ) from None


def explain(error: ValidationError) -> str:
    """Word a validation error: one line a setting, and where settings come from."""
    lines = []
    for problem in error.errors(include_url=False):
        message = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            lines.append(message)
            continue
        name = str(problem["loc"][0])
        shown = "" if _is_secret(name, problem["input"]) else f" (it is {problem['input']!r})"
        lines.append(f"{name.upper()}: {message}{shown}")
    return "\n".join(
        [*lines, "Settings come from the environment, then .env, then backend/.env; see .env.example."]
    )


def _is_secret(name: str, value: object) -> bool:
    field = Settings.model_fields.get(name)
    has_password = "@" in str(value)  # an address may
    return field is None or field.annotation is SecretStr or has_password


def place_of_settings() -> str:
    """Say where a person would change a setting: the `.env` file that is read, else the root's, or the environment alone."""
    from app.config import PROJECT_ROOT

    named = os.environ.get("PORTAL_ENV_FILE")
    if named is not None:
        return named or "the environment"
    candidates = (PROJECT_ROOT / ".env", PROJECT_ROOT / "backend" / ".env")
    return str(next((path for path in candidates if path.exists()), candidates[0]))
