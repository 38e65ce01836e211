"""Read the head of a GGUF file: what a model is and how much memory a token of its context takes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.embedded.errors import ModelMissingError, NotGGUFError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST_STRING = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What the portal wants to know of a model before loading it. Zero means that the file does not say."""

    path: Path
    name: str
    architecture: str
    size_bytes: int
    context_length: int
    kv_bytes_per_token: int


def read_model_file(path: Path) -> ModelFile:
    """Check the file and read its metadata.

    Raises:
        ModelMissingError: absent, a folder, or not readable.
        NotGGUFError: the magic, version or metadata are not GGUF's (ggml/docs/gguf.md, versions 2 and 3).
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            metadata = _read_metadata(file, path)
    except FileNotFoundError:
        raise ModelMissingError(path) from None
    except IsADirectoryError:
        raise ModelMissingError(path, "it is a folder; name the file in it") from None
    except PermissionError:
        raise ModelMissingError(path, "no permission to read it") from None
    except (struct.error, UnicodeDecodeError, KeyError, OverflowError, MemoryError) as error:
        raise NotGGUFError(path, "its metadata is cut short or damaged") from error
    architecture = str(metadata.get("general.architecture", ""))
    return ModelFile(
        path=path,
        name=str(metadata.get("general.name", "")) or path.stem,
        architecture=architecture,
        size_bytes=size,
        context_length=_whole(metadata.get(f"{architecture}.context_length")),
        kv_bytes_per_token=_kv_bytes_per_token(metadata, architecture),
    )


def _read_metadata(file: BinaryIO, path: Path) -> dict[str, object]:
    magic = file.read(4)
    if magic != b"GGUF":
        raise NotGGUFError(path, "it does not begin with the letters GGUF" if magic else "it is empty")
    version, _tensors, pairs = struct.unpack("<IQQ", _exactly(file, 20))
    if version not in (2, 3):
        raise NotGGUFError(path, f"its format version is {version}")
    metadata: dict[str, object] = {}
    for _ in range(pairs):
        key = _string(file)
        if key.startswith("tokenizer."):  # written after the architecture's keys, and long
            break
        metadata[key] = _value(file, struct.unpack("<I", _exactly(file, 4))[0])
    return metadata


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise struct.error("file ends early")
    return data


def _string(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", _exactly(file, 8))
    if length > _LONGEST_STRING:
        raise struct.error("string too long")
    return _exactly(file, length).decode("utf-8")


def _value(file: BinaryIO, kind: int) -> object:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        item_kind, count = struct.unpack("<IQ", _exactly(file, 12))
        return [_value(file, item_kind) for _ in range(min(count, 1_000_000))]
    code = f"<{_SCALARS[kind]}"
    return struct.unpack(code, _exactly(file, struct.calcsize(code)))[0]


def _whole(value: object) -> int:
    if isinstance(value, list):  # per-layer figures: the largest is the safe one
        return max((item for item in value if isinstance(item, int)), default=0)
    return value if isinstance(value, int) else 0


def _kv_bytes_per_token(metadata: dict[str, object], architecture: str) -> int:
    layers = _whole(metadata.get(f"{architecture}.block_count"))
    heads = _whole(metadata.get(f"{architecture}.attention.head_count"))
    kv_heads = _whole(metadata.get(f"{architecture}.attention.head_count_kv")) or heads
    head_width = _whole(metadata.get(f"{architecture}.embedding_length")) // max(1, heads)
    key_width = _whole(metadata.get(f"{architecture}.attention.key_length")) or head_width
    value_width = _whole(metadata.get(f"{architecture}.attention.value_length")) or head_width
    bytes_per_number = 2  # llama.cpp keeps keys and values as 16-bit floats unless told otherwise
    return layers * kv_heads * (key_width + value_width) * bytes_per_number
