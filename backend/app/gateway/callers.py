"""Who asks at `/v1`: a credential's owner; or, for models that are open on this machine, whoever runs programs there."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import Scope

from app.auth.errors import MissingScopeError, NoCredentialError, PasswordChangeRequiredError
from app.auth.identity import Identity
from app.auth.principal import Principal
from app.config import Settings
from app.keys.secrets import looks_like_key
from app.users.tables import User

_NOBODY_ID = 0  # ids of people begin with 1
_ANTHROPIC = "/v1/messages"


class GatewayCallers:
    """Finds the caller from a request's headers.

    A credential is read from `Authorization: Bearer`; below `/v1/messages`, where there is none, also from `x-api-key`, as
    Anthropic's clients send it. It is the same credential, with the same limits.
    """

    def __init__(self, settings: Settings) -> None:
        open_models = tuple(settings.gateway_anonymous_models)
        self._anybody = _anybody(open_models) if open_models else None
        self._origins = frozenset(settings.cors_origins)

    async def of(self, scope: Scope, identity: Identity) -> Principal:
        """Return the caller of an HTTP request.

        Raises:
            NotSignedInError: no credential, or none that is good.
            MissingScopeError, PasswordChangeRequiredError: a good one that may not come here.
        """
        credential = _credential(scope)
        if self._anybody is not None and not _is_the_portals(credential) and self._is_local(scope):
            return self._anybody
        if not credential:
            raise NoCredentialError
        principal = await identity.authenticate(credential)
        if principal.user.must_change_password:
            raise PasswordChangeRequiredError
        if "gateway" not in principal.scopes:
            raise MissingScopeError("gateway")
        return principal

    def _is_local(self, scope: Scope) -> bool:
        """Whether a program on this machine asks, by the portal's name there.

        A name that was pointed at this machine (DNS rebinding) and pages of other sites are not let in.
        """
        client = scope.get("client")
        if client is None or not _is_loopback(client[0]):
            return False
        host, origin = _header(scope, b"host"), _header(scope, b"origin")
        if not _is_loopback(urlsplit(f"//{host}").hostname or ""):
            return False
        return not origin or origin in self._origins or urlsplit(origin).netloc == host


def _anybody(open_models: tuple[str, ...]) -> Principal:
    user = User(id=_NOBODY_ID, email="", password_hash="", role="user", must_change_password=False)
    return Principal(user, frozenset({"gateway"}), open_models=open_models)


def _credential(scope: Scope) -> str:
    kind, _, credential = _header(scope, b"authorization").partition(" ")
    if kind.lower() == "bearer":
        return credential.strip()
    return _header(scope, b"x-api-key").strip() if scope["path"].startswith(_ANTHROPIC) else ""


def _is_the_portals(credential: str) -> bool:
    """Tell keys and access tokens, good or not, from the words that SDKs are given where no key is needed."""
    return looks_like_key(credential) or credential.count(".") == 2


def _header(scope: Scope, wanted: bytes) -> str:
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value.decode("latin-1"))
    return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
