"""Why the embedded model server cannot answer, one class a cause; each message says what to do."""

from __future__ import annotations

from pathlib import Path

from app.errors import UnavailableError

_OTHER_WAYS = "or name a model server of your own with LLM_SERVER_URL (./setup_llm.sh --server URL)"


class EmbeddedServerError(UnavailableError):
    """The embedded model server is not available. `is_permanent`: trying again cannot help."""

    code = "embedded_unavailable"
    is_permanent = False


class ModelMissingError(EmbeddedServerError):
    """The configured GGUF file does not exist or cannot be read."""

    code = "embedded_model_missing"
    is_permanent = True

    def __init__(self, path: Path, reason: str = "there is no such file") -> None:
        super().__init__(f"Model {path}: {reason}. Put a GGUF file there, set LLM_MODEL_PATH, {_OTHER_WAYS}.")


class NotGGUFError(EmbeddedServerError):
    """The file is there and is no GGUF model."""

    code = "embedded_model_invalid"
    is_permanent = True

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"Model {path} is not a GGUF file that llama.cpp can read ({reason}). Download it again."
        )


class PackageMissingError(EmbeddedServerError):
    """The llama.cpp package is not installed, mostly because this platform has no prebuilt wheel."""

    code = "embedded_package_missing"
    is_permanent = True

    def __init__(self, platform: str) -> None:
        super().__init__(
            f"The llama.cpp package (xllamacpp) is not installed. It exists for Linux x86_64 and aarch64 with glibc, "
            f"macOS 13 or newer and Windows x64; this is {platform}. Install it there, {_OTHER_WAYS}."
        )


class LibraryMissingError(EmbeddedServerError):
    """The llama.cpp package is there, and a system library that it needs is not."""

    code = "embedded_library_missing"
    is_permanent = True

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"llama.cpp cannot be loaded: {reason}. For libgomp.so.1: run ./setup_llm.sh, which brings one, or install it "
            f"(Debian, Ubuntu: sudo apt install libgomp1), {_OTHER_WAYS}."
        )


class CPUNotSupportedError(EmbeddedServerError):
    """The processor lacks instructions that the prebuilt llama.cpp uses."""

    code = "embedded_cpu_unsupported"
    is_permanent = True

    def __init__(self, missing: list[str]) -> None:
        names = ", ".join(flag.upper() for flag in missing) or "AVX2, FMA or BMI2"
        super().__init__(
            f"This processor lacks {names}, which the prebuilt llama.cpp needs. Use another machine "
            "for the model and name its server with LLM_SERVER_URL (./setup_llm.sh --server URL)."
        )


class ModelLoadError(EmbeddedServerError):
    """llama.cpp itself refused the model or its settings."""

    code = "embedded_model_load_failed"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"llama.cpp could not load {path.name}: {reason}. It may be damaged, of a kind this version does not know, "
            "or too big for the memory (try a smaller one, or LLM_CONTEXT_TOKENS=2048)."
        )


class ServerDiedError(EmbeddedServerError):
    """The child process ended by itself."""

    code = "embedded_server_died"
