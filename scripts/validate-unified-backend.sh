#!/usr/bin/env bash
# Check that a portal answers OpenAI-compatible programs: its models, a whole answer and a streamed one of each. Needs curl.
# usage: scripts/validate-unified-backend.sh [--url http://localhost:4000] [--key pp_...] [model ...]
#   The key may also be in PORTAL_API_KEY; without models, all that the portal lists are tried.
set -u
url=http://localhost:4000 key=${PORTAL_API_KEY:-not-needed} models=() failed=0
while [ $# -gt 0 ]; do
  case $1 in
    --url) url=${2:?--url needs an address}; url=${url%/}; shift 2 ;;
    --key) key=${2:?--key needs a key}; shift 2 ;;
    -h | --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    -*) echo "error: unknown flag $1; see --help" >&2; exit 2 ;;
    *) models+=("$1"); shift ;;
  esac
done

# The key goes through a file descriptor: other users of this machine can read a process's arguments.
call() { # path [body]
  curl -sS -N --max-time 120 -w '\n%{http_code}' -H @<(printf 'Authorization: Bearer %s' "$key") \
    ${2:+-d "$2"} "$url/v1/$1" 2>&1
}
report() { # name answer pattern-of-success
  if [ "${2##*$'\n'}" = 200 ] && grep -Eq "$3" <<<"$2"; then
    echo "ok    $1"
  else
    echo "FAIL  $1: $(head -c 300 <<<"$2" | tr '\n' ' ')"; failed=1
  fi
}

listed=$(call models)
report "models" "$listed" '"object": ?"list"'
if [ ${#models[@]} -eq 0 ]; then
  while IFS= read -r model; do models+=("$model"); done < <(grep -oE '"id": ?"[^"]+"' <<<"$listed" | sed -E 's/.*"([^"]+)"$/\1/')
fi
for model in ${models[@]+"${models[@]}"}; do
  ask='"model": "'$model'", "max_tokens": 16, "messages": [{"role": "user", "content": "Say hello."}]'
  report "$model, whole" "$(call chat/completions "{$ask}")" '"finish_reason": ?"'
  report "$model, streamed" "$(call chat/completions "{$ask, \"stream\": true}")" '^data: \[DONE\]'
done
[ ${#models[@]} -gt 0 ] || { echo "FAIL  no model to try"; failed=1; }
exit $failed
