"""How the embedded server is set up for a model on this machine: slots, context, threads, caches."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from app.config import Settings
from app.embedded.gguf import ModelFile

TINY_MODEL_BYTES = 64 * 1024 * 1024
DEFAULT_SLOT_CONTEXT = 8192
MOST_SLOTS = 4
_KV_SHARE_OF_MEMORY = 0.25


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What the child process is told. `context_tokens` is of one slot."""

    model_path: Path
    model_alias: str
    slots: int
    context_tokens: int
    threads: int
    http_threads: int
    prompt_cache_mib: int
    is_tiny: bool

    def as_json(self) -> dict[str, Any]:
        """Return plain values for the child's standard input."""
        return {**asdict(self), "model_path": str(self.model_path)}


def choose_options(
    settings: Settings, model: ModelFile, *, cores: int = 0, memory_bytes: int = 0
) -> ServerOptions:
    """Fit slots, context and threads to the model and the machine; LLM_CONTEXT_TOKENS wins over the default context.

    A tiny model answers as fast with one thread as with more, and one keeps its speed when the cores are busy.
    """
    cores = cores or psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    memory_bytes = memory_bytes or psutil.virtual_memory().total
    is_tiny = model.size_bytes < TINY_MODEL_BYTES
    longest = model.context_length or DEFAULT_SLOT_CONTEXT
    context = settings.llm_context_tokens or min(longest, DEFAULT_SLOT_CONTEXT)
    slots = min(settings.llm_max_concurrency, MOST_SLOTS)
    while slots > 1 and slots * context * model.kv_bytes_per_token > memory_bytes * _KV_SHARE_OF_MEMORY:
        slots -= 1
    return ServerOptions(
        model_path=model.path,
        model_alias=settings.llm_model_name or model.path.stem,
        slots=slots,
        context_tokens=context,
        threads=1 if is_tiny else max(1, cores - 1),
        # each open connection holds a thread of the server's pool, waiting ones too
        http_threads=2 * settings.llm_max_concurrency + 16,
        prompt_cache_mib=128 if is_tiny else 1024,
        is_tiny=is_tiny,
    )
