"""Download a model named `hf:REPO[:FILE]` once: resumed after an interruption, checked by the hub's own SHA-256.

huggingface_hub's own download starts again after an interruption; here the part that came is kept.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling

Say = Callable[[str], None]
# The best answers for the memory first; a file of another kind is taken when none of these is there.
PREFERRED_QUANTISATIONS = (
    "Q4_K_M",
    "Q4_K_S",
    "Q5_K_M",
    "Q4_0",
    "Q6_K",
    "Q8_0",
    "IQ4_XS",
    "Q3_K_M",
    "F16",
    "BF16",
)
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_BLOCK_BYTES = 1 << 20


class HubError(Exception):
    """The model cannot be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """`hf:REPO[:FILE]` in its parts; `file` may also be a quantisation such as `Q4_K_M`, or empty."""

    repository: str
    file: str

    @classmethod
    def parse(cls, text: str) -> ModelName:
        """Raises HubError with the form that is expected."""
        repository, _, file = text.removeprefix("hf:").partition(":")
        if not text.startswith("hf:") or not re.fullmatch(r"[\w.-]+/[\w.-]+", repository) or ".." in text:
            raise HubError(f"{text!r} names no model; write hf:OWNER/NAME or hf:OWNER/NAME:FILE.gguf")
        return cls(repository, file)


def download(name: ModelName, folder: Path, *, say: Say, endpoint: str | None = None) -> Path:
    """Return the path of the model's (first) file, downloading what is not there yet. Raises HubError."""
    siblings, revision = _list_files(name.repository, endpoint)
    target = folder / name.repository.replace("/", "--")
    chosen = choose_files([sibling.rfilename for sibling in siblings], name.file)
    if not name.file:
        say(f"taking {chosen[0]} of {name.repository}")
    wanted = [sibling for sibling in siblings if sibling.rfilename in chosen]
    _check_space(wanted, target)
    for sibling in sorted(wanted, key=lambda item: item.rfilename):
        _fetch(name.repository, revision, sibling, target / sibling.rfilename, endpoint, say)
    return target / chosen[0]


def choose_files(available: Sequence[str], wanted: str) -> list[str]:
    """Pick the GGUF file, with all its parts if it was split. Raises HubError, naming what there is."""
    models = sorted(file for file in available if file.endswith(".gguf") and "mmproj" not in file.lower())
    firsts = [file for file in models if not (part := _PART.search(file)) or part[1] == "00001"]
    if not firsts:
        raise HubError("That repository has no GGUF file; look for one whose name ends in -GGUF.")
    if wanted in models:
        first = wanted
    elif wanted:
        first = next((file for file in firsts if _has_quantisation(file, wanted)), "")
        if not first:
            raise HubError(f"There is no {wanted} in it; there are: {', '.join(firsts[:20])}")
    else:
        ranked = [
            file for kind in PREFERRED_QUANTISATIONS for file in firsts if _has_quantisation(file, kind)
        ]
        first = (ranked or firsts)[0]
    part = _PART.search(first)
    return (
        [first]
        if not part
        else [f"{first[: part.start()]}-{n:05}-of-{part[2]}.gguf" for n in range(1, int(part[2]) + 1)]
    )


def _has_quantisation(file: str, kind: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(kind)}(?![A-Za-z0-9_])", file, re.IGNORECASE) is not None


def _list_files(repository: str, endpoint: str | None) -> tuple[list[RepoSibling], str]:
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    try:
        info = HfApi(endpoint=endpoint).model_info(repository, files_metadata=True, timeout=30)
    except GatedRepoError:
        raise HubError(f"{repository} asks you to accept its terms on its page; then set HF_TOKEN.") from None
    except RepositoryNotFoundError:
        raise HubError(f"There is no model {repository}, or it is private (then set HF_TOKEN).") from None
    except HfHubHTTPError as error:
        raise HubError(f"The hub answered {error.response.status_code}. Try again later.") from None
    except (httpx2.HTTPError, OSError) as error:
        raise HubError(
            f"The hub cannot be reached ({error}). Check the network, or set HF_ENDPOINT to a mirror."
        ) from None
    return list(info.siblings or []), info.sha or "main"


def _check_space(files: list[RepoSibling], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    needed = sum((file.size or 0) for file in files if not (folder / file.rfilename).exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise HubError(f"The model takes {needed // 10**6} MB and {free // 10**6} MB are free at {folder}.")


def _fetch(
    repository: str, revision: str, file: RepoSibling, path: Path, endpoint: str | None, say: Say
) -> None:
    checksum = _expected_checksum(file)
    receipt = path.with_name(f"{path.name}.checksum")  # a hash over gigabytes is not made at each start
    if path.exists() and receipt.exists() and receipt.read_text() == checksum:
        say(f"{file.rfilename} is here already")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{checksum[-12:]}.part")
    if not path.exists():
        _receive(repository, revision, file, part, endpoint, say)
        path_to_check = part
    else:
        path_to_check = path
    say(f"checking {file.rfilename}")
    if _checksum_of(path_to_check, checksum) != checksum:
        path_to_check.unlink()
        raise HubError(
            f"{file.rfilename} is not what the hub announced (checksum); it was deleted. Download it again."
        )
    path_to_check.replace(path)
    receipt.write_text(checksum)


def _receive(
    repository: str, revision: str, file: RepoSibling, part: Path, endpoint: str | None, say: Say
) -> None:
    import httpx2
    from huggingface_hub import get_token, hf_hub_url
    from huggingface_hub.file_download import http_get

    token = get_token()  # HF_TOKEN, or what a sign-in on this machine left
    url = hf_hub_url(repository, file.rfilename, revision=revision, endpoint=endpoint)
    begun = part.stat().st_size if part.exists() else 0
    if begun:
        say(f"going on at {begun // 10**6} MB")
    try:
        with part.open("ab") as sink:
            http_get(
                url,
                sink,
                resume_size=begun,
                headers={"authorization": f"Bearer {token}"} if token else {},
                expected_size=file.size,
                displayed_filename=file.rfilename,
            )
    except (httpx2.HTTPError, OSError) as error:
        if part.exists() and file.size is not None and part.stat().st_size > file.size:
            part.unlink()
        raise HubError(
            f"The download stopped ({_first_line(error)}). Run it again: what came is kept."
        ) from None


def _expected_checksum(file: RepoSibling) -> str:
    lfs: Any = file.lfs
    if lfs is not None:
        return f"sha256:{lfs.sha256}"
    return f"git:{file.blob_id}"  # a small file that is in git itself


def _checksum_of(path: Path, like: str) -> str:
    kind = like.partition(":")[0]
    digest = hashlib.sha256() if kind == "sha256" else hashlib.sha1(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return f"{kind}:{digest.hexdigest()}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
