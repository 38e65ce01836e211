"""Users as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Role = Literal["user", "operator", "admin"]


class UserRead(BaseModel):
    """A person's own account."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "email": "ada@example.org",
                    "role": "user",
                    "must_change_password": False,
                    "created_at": "2026-11-21T09:30:00Z",
                }
            ]
        },
    )

    id: int
    email: str
    role: Role
    must_change_password: bool
    created_at: datetime
