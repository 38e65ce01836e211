"""Starts logging as the settings say."""

from __future__ import annotations

import logging

from app.config import Settings
from app.kit.logging import configure_logging
from app.launch.errors import LaunchError

logger = logging.getLogger("portal.launch")


def start_logging(settings: Settings) -> None:
    """Raises LaunchError when the file cannot be written. That contents are logged is said aloud."""
    file = settings.portal_data_dir / settings.log_file if settings.log_file else None
    try:
        configure_logging(settings.log_level, is_json=settings.log_format == "json", file=file)
    except OSError as error:
        raise LaunchError(f"LOG_FILE: cannot write {file}: {error.strerror or error}.") from None
    if settings.log_content:
        logger.warning(
            "LOG_CONTENT is on: prompts and answers of everybody are written to this log. "
            "Tell those who use this portal, and switch it off when you have found what you look for."
        )
