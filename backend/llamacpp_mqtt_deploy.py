"""The MQTT bridge alone: `python llamacpp_mqtt_deploy.py --projects maze prompt_portal --server_url URL`."""

import sys

from app.launch.bridge_only import run
from app.launch.errors import LaunchError
from app.launch.serve import say_to_stdout

if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:], say=say_to_stdout))
    except LaunchError as error:
        sys.exit(f"error: {error}")
