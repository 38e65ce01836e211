"""The seed's door to MQTT: what is here lives in `app.bridge`."""

from app.bridge.python_door import process_user_input_with_llm

__all__ = ["process_user_input_with_llm"]
