"""`python -m app.embedded.fetch hf:REPO[:FILE] --into FOLDER`: progress on standard error, the path on standard output."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app.embedded.hub import HubError, ModelName, download


def main(arguments: Sequence[str] | None = None) -> int:
    """Download, and print the path; a failure is one line on standard output and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m app.embedded.fetch", description=__doc__)
    parser.add_argument("model", metavar="hf:REPO[:FILE]")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        path = download(ModelName.parse(options.model), options.into, say=_say)
    except HubError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stdout.write("Interrupted. Run it again: what came is kept.\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"      {text}\n")


if __name__ == "__main__":
    sys.exit(main())
