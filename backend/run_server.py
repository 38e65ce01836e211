"""Start the portal: `python run_server.py [--host HOST] [--port PORT] [--server URL] [--model FILE.gguf]`."""

import sys


def _packages_are_missing() -> str:
    return "The portal's packages are not installed. In this folder: pip install -r requirements.txt"


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - this very line is for older ones
        sys.exit("Prompt Portal needs Python 3.11 or newer; this is " + sys.version.split()[0])
    try:
        from app.cli import main
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "app":
            raise
        sys.exit(f"{_packages_are_missing()} (missing: {error.name})")
    sys.exit(main(["serve", *sys.argv[1:]]))
