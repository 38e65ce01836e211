"""Settings, read once from the environment and `.env`; nobody else reads the environment."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parents[2]
LOW_DISK_BYTES = 1 << 30
"""With less room beside its data the portal warns."""
_NEARLY = 0.85  # PORTAL_PROT is PORTAL_PORT; POSTGRES_PASSWORD is nothing of the portal's
DEMO_MODEL = PROJECT_ROOT / "demo_model" / "prompt-portal-demo.gguf"
_KNOWN_SECRETS = {
    "",
    "change-me",
    "changeme",
    "secret",
    "your-secret-key",
    "your-secret-key-here",
    "dev-secret",
}


def _env_files() -> tuple[Path, ...]:
    named = os.environ.get("PORTAL_ENV_FILE")
    if named is not None:
        return (Path(named),) if named else ()
    return (PROJECT_ROOT / ".env", PROJECT_ROOT / "backend" / ".env")


class InsecureSecretError(ValueError):
    """The secret key is a default or too short for an address that others can reach."""


class Settings(BaseSettings):
    """Every setting, its default, and its unit. `.env.example` documents each one."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8", extra="ignore", case_sensitive=False, env_ignore_empty=True, frozen=True
    )

    # Where the portal listens, and what is public of it
    portal_host: str = "127.0.0.1"
    portal_port: int = Field(8000, ge=0, le=65535)
    portal_public_url: str = ""
    portal_roles: Annotated[list[Literal["http", "mqtt"]], NoDecode] = ["http", "mqtt"]
    portal_data_dir: Path = PROJECT_ROOT / "data"
    portal_drain_seconds: int = Field(3, ge=0, le=3600)
    portal_trusted_proxies: str = "127.0.0.1"
    cors_origins: Annotated[list[str], NoDecode] = []
    portal_currency: str = Field("USD", pattern=r"^[A-Z]{3}$")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    log_file: str = ""
    log_content: bool = False
    metrics_token: SecretStr = SecretStr("")
    otel_exporter_otlp_endpoint: str = ""
    otel_service_name: str = "prompt-portal"

    # Secrets and sign-in
    secret_key: SecretStr = SecretStr("")
    secret_key_previous: SecretStr = SecretStr("")
    encryption_key: SecretStr = SecretStr("")
    encryption_key_previous: SecretStr = SecretStr("")
    algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"
    access_token_expire_minutes: int = Field(60, ge=1)
    refresh_token_expire_days: int = Field(30, ge=1)
    registration: Literal["open", "invite", "closed"] = "open"
    password_min_length: int = Field(12, ge=8)

    # State
    database_url: str = "sqlite:///./app.db"
    database_max_connections: int = Field(30, ge=2)
    redis_url: str = ""

    # How long things are kept, in days; 0: for ever
    retention_sessions_days: int = Field(0, ge=0, le=36500)
    retention_turns_days: int = Field(0, ge=0, le=36500)
    retention_usage_days: int = Field(0, ge=0, le=36500)
    retention_audit_days: int = Field(0, ge=0, le=36500)
    retention_attachments_days: int = Field(0, ge=0, le=36500)
    retention_v1_conversations_days: int = Field(0, ge=0, le=36500)

    # The model server
    llm_server_url: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_model_name: str = ""
    llm_model_path: str = ""
    llm_context_tokens: int = Field(0, ge=0)
    llm_timeout: float = Field(300, gt=0)
    llm_connect_timeout: float = Field(5, gt=0)
    llm_first_token_timeout: float = Field(120, gt=0)
    llm_chunk_timeout: float = Field(60, gt=0)
    llm_max_retries: int = Field(1, ge=0, le=10)
    llm_temperature: float = Field(0.6, ge=0, le=2)
    llm_top_p: float = Field(0.9, gt=0, le=1)
    llm_max_tokens: int = Field(512, ge=1)
    llm_skip_thinking: bool = True
    llm_vision: bool = False
    llm_max_history_tokens: int = Field(10000, ge=64)
    llm_history_low_water: float = Field(0.5, gt=0, lt=1)
    llm_max_concurrency: int = Field(8, ge=1)
    llm_max_queued: int = Field(256, ge=0)
    session_max_queued: int = Field(8, ge=0)
    turn_events_seconds: int = Field(600, ge=1)
    models_file: str = ""
    provider_modules_dir: str = ""
    gateway_anonymous_models: Annotated[list[str], NoDecode] = []
    gateway_cache_bytes: int = Field(64 * 1024 * 1024, ge=0)

    # MQTT (the ancestor's names)
    mqtt_broker_host: str = ""
    mqtt_broker_port: int = Field(1883, ge=1, le=65535)
    mqtt_username: str = ""
    mqtt_password: SecretStr = SecretStr("")
    mqtt_client_id: str = ""
    mqtt_topic_hint: str = "maze/hint/+"
    mqtt_topic_state: str = "maze/state"
    mqtt_topic_user_input: str = "prompt_portal/user_input"
    mqtt_topic_assistant_response: str = "prompt_portal/assistant_response"
    mqtt_topic_template: str = "maze/template"
    mqtt_tls: bool = False
    mqtt_ca_file: str = ""
    mqtt_cert_file: str = ""
    mqtt_key_file: str = ""
    mqtt_transport: Literal["tcp", "websocket"] = "tcp"
    mqtt_websocket_path: str = "/mqtt"
    mqtt_broker_kind: Literal["mosquitto", "emqx", "hivemq", "vernemq"] = "mosquitto"
    mqtt_auth_secret: SecretStr = SecretStr("")
    mqtt_own_broker: bool = True
    mqtt_fallback_broker: Literal["", "amqtt"] = ""
    mqtt_listen_host: str = "127.0.0.1"
    mqtt_listen_port: int = Field(1883, ge=0, le=65535)
    mqtt_websocket_port: int = Field(0, ge=0, le=65535)
    mqtt_game_key: SecretStr = SecretStr("")
    mqtt_projects: Annotated[list[str], NoDecode] = [
        "maze", "driving", "bloodcell", "racing", "general", "prompt_portal"
    ]  # fmt: skip

    # Limits
    max_body_bytes: int = Field(10 * 1024 * 1024, ge=1024)
    max_attachment_bytes: int = Field(10 * 1024 * 1024, ge=1024)
    attachment_quota_count: int = Field(1000, ge=0)
    attachment_quota_bytes: int = Field(256 * 1024 * 1024, ge=0)

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.strip().upper() if isinstance(value, str) else value

    @field_validator("redis_url")
    @classmethod
    def _redis_only(cls, value: str) -> str:
        if value and not re.match(r"(rediss?|unix)://", value):
            raise ValueError("REDIS_URL must begin with redis://, rediss:// or unix://")
        try:
            urlsplit(value).port  # noqa: B018 - looking at it checks it
        except ValueError:
            raise ValueError("REDIS_URL has a port that is no number; in its password : is %3A") from None
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [
            origin.strip().rstrip("/")
            for origin in value.strip("[]").replace('"', "").split(",")
            if origin.strip()
        ]

    @field_validator("gateway_anonymous_models", mode="before")
    @classmethod
    def _split_models(cls, value: object) -> object:
        return (
            [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value
        )

    @field_validator("mqtt_projects", "portal_roles", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("portal_roles")
    @classmethod
    def _some_role(cls, value: list[str]) -> list[str]:
        if not value:
            raise ValueError("PORTAL_ROLES must name http, mqtt, or both")
        return value

    @field_validator("mqtt_auth_secret")
    @classmethod
    def _long_secret(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 16:
            raise ValueError("MQTT_AUTH_SECRET must have 16 characters or more")
        return value

    @field_validator("mqtt_projects")
    @classmethod
    def _plain_names(cls, value: list[str]) -> list[str]:
        for project in value:
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", project):
                raise ValueError("MQTT_PROJECTS must list names of letters, digits, _ and -")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _no_wildcards(cls, value: list[str]) -> list[str]:
        for origin in value:
            if "*" in origin:
                raise ValueError(
                    "CORS_ORIGINS must list exact origins (https://app.example.org); wildcards are refused"
                )
        return value

    @field_validator("portal_data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser() if value.is_absolute() else (PROJECT_ROOT / value).resolve()

    @field_validator("llm_server_url")
    @classmethod
    def _http_only(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("LLM_SERVER_URL must begin with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _refuse_weak_secret(self) -> Settings:
        secret = self.secret_key.get_secret_value()
        weak = secret.lower() in _KNOWN_SECRETS or len(secret) < 32
        if secret and weak and not self.is_loopback:
            raise InsecureSecretError(
                f"SECRET_KEY is a default or shorter than 32 characters, and PORTAL_HOST={self.portal_host} can be reached "
                "from other machines. Set a random one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return self

    @model_validator(mode="after")
    def _open_models_on_loopback_only(self) -> Settings:
        if self.gateway_anonymous_models and not self.is_loopback:
            raise ValueError(
                "GATEWAY_ANONYMOUS_MODELS opens models without a key, and "
                f"PORTAL_HOST={self.portal_host} can be reached from other machines. Use 127.0.0.1, or keys."
            )
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the portal's address."""
        if self.portal_host == "localhost":
            return True
        try:
            return ip_address(self.portal_host).is_loopback
        except ValueError:
            return False

    @property
    def is_embedded(self) -> bool:
        """Whether the portal starts a model server of its own."""
        return not self.llm_server_url

    @property
    def embedded_model(self) -> Path:
        """The GGUF file that the embedded server loads: the configured one, else the demo model."""
        if not self.llm_model_path:
            return DEMO_MODEL
        path = Path(self.llm_model_path).expanduser()
        return path if path.is_absolute() else PROJECT_ROOT / path

    @property
    def models_path(self) -> Path | None:
        """The file that defines further providers and models."""
        if not self.models_file:
            return None
        path = Path(self.models_file).expanduser()
        return path if path.is_absolute() else PROJECT_ROOT / path

    @property
    def modules_dir(self) -> Path | None:
        """The folder of providers that are Python modules."""
        if not self.provider_modules_dir:
            return None
        path = Path(self.provider_modules_dir).expanduser()
        return path if path.is_absolute() else PROJECT_ROOT / path

    @property
    def is_demo_model(self) -> bool:
        """Whether answers come from the tiny demo model."""
        return self.is_embedded and self.embedded_model == DEMO_MODEL


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment and the `.env` files; overrides win. Raises pydantic.ValidationError."""
    return Settings(_env_file=_env_files(), **overrides)  # type: ignore[arg-type]


def environment_value(name: str) -> str | None:
    """Return a variable of the environment, else of the `.env` files, that a configuration file names; None if unset."""
    if name in os.environ:
        return os.environ[name]
    for file in _env_files():
        if file.is_file() and (value := dotenv_values(file).get(name)) is not None:
            return value
    return None


def misspelt_names() -> list[tuple[str, str]]:
    """Return names in the `.env` files that nobody reads and that are nearly a setting's, with that setting's name."""
    known = {name.upper() for name in Settings.model_fields}
    written = {name.upper() for file in _env_files() if file.is_file() for name in dotenv_values(file)}
    meant = {name: get_close_matches(name, known, n=1, cutoff=_NEARLY) for name in written - known}
    return sorted((name, found[0]) for name, found in meant.items() if found)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the process's settings, read once."""
    return load_settings()


def keep_litellm_offline() -> None:
    """Let LiteLLM, when it is imported, take the prices that it brings along instead of fetching them."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
