#!/bin/sh
# Publishes the state of a maze with Mosquitto's own tools and prints the hint that comes:
#   CLIENT=maze-robot-k3f9x2 SECRET=pp_… ./mqtt_maze.sh 3,1 9,9
# CLIENT and SECRET come from POST /api/devices with "projects": ["maze"]; HOST and PORT (127.0.0.1, 1883) from GET /api/mqtt.
set -eu
: "${CLIENT:?}" "${SECRET:?}" "${HOST:=127.0.0.1}" "${PORT:=1883}"
session="maze-$$-$(date +%s)"
mosquitto_sub -h "$HOST" -p "$PORT" -u "$CLIENT" -P "$SECRET" -q 1 -W 120 -C 1 -t "maze/hint/$session" &
hint=$!
sleep 0.3 # the hint must not come before somebody listens
mosquitto_pub -h "$HOST" -p "$PORT" -u "$CLIENT" -P "$SECRET" -q 1 -t maze/state \
  -m "{\"sessionId\": \"$session\", \"token\": \"$SECRET\", \"player_pos\": [${1:-1,1}], \"exit_pos\": [${2:-9,9}]}"
wait "$hint"
