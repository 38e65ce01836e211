"""What templates refuse."""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import ConflictError, NotFoundError, TooLargeError, UnprocessableError

_SHOWN_NAME_CHARS = 64
_SHOWN_PROBLEMS = 3


class TemplateNotFoundError(NotFoundError):
    """Also the answer for other people's templates that they do not share."""

    code = "template_not_found"

    def __init__(self) -> None:
        super().__init__("There is no template of that id for you.")


class VersionNotFoundError(NotFoundError):
    """Also the answer for versions from before a template was shared."""

    code = "template_version_not_found"

    def __init__(self) -> None:
        super().__init__("The template has no such version for you.")


class TemplateInactiveError(ConflictError):
    code = "template_inactive"

    def __init__(self) -> None:
        super().__init__("This template is switched off. Set `is_active` to true to use it in chats.")


class TooManyTemplatesError(ConflictError):
    code = "too_many_templates"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You have {limit} templates already. Delete one that you no longer use.")


class TooManyVariablesError(UnprocessableError):
    def __init__(self, count: int, limit: int) -> None:
        super().__init__(
            f"variables: the template would have {count}; at most {limit} are allowed.",
            details={"fields": [{"field": "variables", "problem": f"at most {limit} are allowed"}]},
        )


class InvalidVariablesError(UnprocessableError):
    """Values that are missing, unknown or of the wrong type; `details.fields` lists all of them."""

    code = "invalid_variables"

    def __init__(self, problems: Mapping[str, str]) -> None:
        fields = [
            {"field": f"variables.{name[:_SHOWN_NAME_CHARS]}", "problem": problem}
            for name, problem in problems.items()
        ]
        sentence = "; ".join(f"{field['field']}: {field['problem']}" for field in fields[:_SHOWN_PROBLEMS])
        super().__init__(f"{sentence}.", details={"fields": fields})


class RenderedTooLargeError(TooLargeError):
    def __init__(self, chars: int, limit: int) -> None:
        super().__init__(
            f"With these values the template's text would have {chars} characters; at most {limit} are allowed.",
            details={"chars": chars, "max_chars": limit},
        )
