#!/usr/bin/env bash
# Set up and start Prompt Portal. Needs Python 3.11 or newer and nothing else; ./setup_llm.sh --help lists the flags.
set -eu
cd "$(dirname "$0")"
exec ./scripts/python scripts/setup.py "$@"
