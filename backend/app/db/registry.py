"""Imports every domain's `tables` module by name, so that the metadata is whole (for Alembic and the tests)."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

from sqlalchemy import MetaData

import app
from app.db.base import Base


def load_metadata() -> MetaData:
    """Return the metadata with all tables of all domains."""
    for package in pkgutil.iter_modules(app.__path__, prefix="app."):
        if package.ispkg and importlib.util.find_spec(f"{package.name}.tables"):
            importlib.import_module(f"{package.name}.tables")
    return Base.metadata
