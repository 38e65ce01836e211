"""E-mail addresses in the one form under which they are stored and compared."""

from __future__ import annotations

import email_validator

from app.users.errors import InvalidEmailError

MAX_EMAIL_LENGTH = 254  # RFC 5321, section 4.5.3.1.3

# The validator's documented switch: a portal inside a house knows people as admin@localhost or me@studio.local.
_LOCAL_DOMAINS = {"localhost", "local", "test"}
email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = [
    name for name in email_validator.SPECIAL_USE_DOMAIN_NAMES if name not in _LOCAL_DOMAINS
]


def normalise_email(text: str) -> str:
    """Return the address in NFC, with its domain in Unicode, in lower case.

    Raises:
        InvalidEmailError: with the reason; no mail server is asked.
    """
    if len(text) > MAX_EMAIL_LENGTH:
        raise InvalidEmailError(f"it is longer than {MAX_EMAIL_LENGTH} characters.")
    try:
        found = email_validator.validate_email(
            text.strip(), check_deliverability=False, globally_deliverable=False
        )
    except email_validator.EmailNotValidError as error:
        raise InvalidEmailError(str(error)) from error
    return found.normalized.lower()
