#!/bin/sh
# Asks the portal over MQTT with Mosquitto's own tools, and prints the last frame:
#   CLIENT=maze-robot-k3f9x2 SECRET=pp_… ./mqtt_ask.sh "Which way is out?"
# CLIENT and SECRET come from POST /api/devices; HOST and PORT (127.0.0.1, 1883) from GET /api/mqtt.
set -eu
: "${CLIENT:?}" "${SECRET:?}" "${HOST:=127.0.0.1}" "${PORT:=1883}"
id="$$-$(date +%s)"
text=$(printf '%s' "${1:-Hello!}" | sed 's/\\/\\\\/g; s/"/\\"/g')
exec mosquitto_rr -V 5 -h "$HOST" -p "$PORT" -u "$CLIENT" -P "$SECRET" -q 1 -W 120 \
  -t "pp/v1/$CLIENT/req" -e "pp/v1/$CLIENT/res/$id" \
  -m "{\"id\": \"$id\", \"messages\": [{\"role\": \"user\", \"content\": \"$text\"}]}"
