"""Which model answers when none is named: the usual one, unless the request needs what it lacks. Pure, and says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.llm.needs import Needs
from app.models.targets import OfferedModel


def choose(
    models: Sequence[OfferedModel],
    default: OfferedModel | None,
    needs: Needs,
    capabilities: Callable[[OfferedModel], list[str]],
) -> tuple[OfferedModel, str]:
    """Return the model and the reason. `models` are those that the caller may use, at least one.

    What a model must have (sight, room for the prompt, chatting or embedding at all) counts before what it had better have
    (tools, JSON, code), and among equals the default comes first, then the order of the definitions.
    """

    def lacks(model: OfferedModel) -> tuple[list[str], list[str]]:
        able = capabilities(model)
        what = "embeddings" if needs.embeds else "chat"
        must = [what] if what not in able else []
        must += ["vision"] if needs.sees and not model.can_see and "vision" not in able else []
        window = model.context_window
        must += ["context"] if window is not None and needs.prompt_tokens >= window else []
        return must, [name for name in needs.named if name != "vision" and name not in able]

    def rank(entry: tuple[int, OfferedModel]) -> tuple[int, int, bool, int]:
        position, model = entry
        must, better = lacks(model)
        return len(must), len(better), model != default, position

    chosen = min(enumerate(models), key=rank)[1]
    if default is None or chosen == default or default not in models:
        return chosen, "default"
    must, better = lacks(default)
    had = {name for missing in lacks(chosen) for name in missing}
    return chosen, ", ".join(name for name in (*must, *better) if name not in had)
