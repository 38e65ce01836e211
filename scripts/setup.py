"""Set up and start Prompt Portal; what `setup_llm.sh` and `setup_llm.bat` run. Standard library only."""

import sys

from portal_setup.steps import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
