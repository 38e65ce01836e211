# A button that asks the portal and shows the answer, for MicroPython (ESP32, Pico W): put WLAN in boot.py, this in main.py.
#
#   mpremote mip install umqtt.simple
#
# CLIENT and SECRET come from POST /api/devices. MQTT 3.1.1 is enough: the request's `id` names the answer's topic.
import binascii
import json
import os
import sys
import time

from umqtt.simple import MQTTClient

HOST = "portal.local"
PORT = 1883
CLIENT = "maze-robot-k3f9x2"
SECRET = "pp_..."
KEEPALIVE_SECONDS = 60
PING_SECONDS = 20

answer = {}


def on_message(topic, payload):
    frame = json.loads(payload)
    if frame["type"] == "delta":
        sys.stdout.write(frame.get("text", ""))
    else:  # "final" has the whole text: whoever missed a delta misses nothing
        answer[frame["id"]] = frame


def ask(client, name, question):
    client.subscribe("pp/v1/{}/res/{}".format(CLIENT, name), qos=1)
    body = {"id": name, "session_id": "button", "message": question, "stream": True, "max_tokens": 200}
    client.publish("pp/v1/{}/req".format(CLIENT), json.dumps(body), qos=1)
    spoken = time.time()
    while name not in answer:
        client.check_msg()
        # Who only listens is taken for dead after one and a half times the keep-alive, however much it hears.
        if time.time() - spoken >= PING_SECONDS:
            client.ping()
            spoken = time.time()
        time.sleep(0.02)
    return answer.pop(name)


def new_name():
    """A name that no earlier request has, also after a restart: the same name again is answered from the store."""
    return binascii.hexlify(os.urandom(8)).decode()


def main(question="Hello!"):
    client = MQTTClient(CLIENT, HOST, port=PORT, user=CLIENT, password=SECRET, keepalive=KEEPALIVE_SECONDS)
    client.set_callback(on_message)
    # A board that loses power wants no answer any more.
    client.set_last_will("pp/v1/{}/status".format(CLIENT), b'{"state": "offline", "cancel": true}', qos=1)
    client.connect()
    try:
        frame = ask(client, new_name(), question)
        print()
        print(frame["text"] if frame["type"] == "final" else frame["error"]["message"])
    finally:
        client.disconnect()


if __name__ == "__main__":
    main()
