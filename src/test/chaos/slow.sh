#!/usr/bin/env bash
# slowhttptest (Debian) in its three modes, slow heads, slow bodies and slow reading, against the jar: the service has to
# stay available. Ends what it started, by process id.
#   mvn package && src/test/chaos/slow.sh
set -euo pipefail
cd "$(dirname "$0")/../../.."
command -v slowhttptest > /dev/null || { apt-get update && apt-get install -y --no-install-recommends slowhttptest; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done' EXIT
# 1 MB at /big, for slow reading.
mkdir "$work/www" && head -c 1000000 /dev/zero > "$work/www/big"
upstream=$(free_port)
python3 -m http.server --bind 127.0.0.1 --directory "$work/www" "$upstream" > /dev/null 2>&1 & pids+=($!)
export PROXY_PORT PROXY_HOST=127.0.0.1 UPSTREAM01_CONCURRENCY=0
PROXY_PORT=$(free_port)
export UPSTREAM01_URL=http://127.0.0.1:$upstream UPSTREAM02_URL=http://127.0.0.1:$upstream UPSTREAM03_URL=http://127.0.0.1:$upstream
java -jar target/camel-reverse-proxy.jar > "$work/proxy.log" 2>&1 & pids+=($!)
until grep -q ') started in ' "$work/proxy.log"; do sleep 0.1; done
status=0
attack() {
  local name=$1; shift
  slowhttptest "$@" -c 300 -r 100 -l "${SECONDS_EACH:-40}" -u "http://127.0.0.1:$PROXY_PORT/big" > "$work/$name.log" 2>&1 & local attacker=$!
  pids+=("$attacker")
  local served=0 failed=0
  while kill -0 "$attacker" 2> /dev/null; do
    if curl -s -o /dev/null --max-time 2 -f "http://127.0.0.1:$PROXY_PORT/big"; then served=$((served + 1)); else failed=$((failed + 1)); fi
    sleep 0.2
  done
  echo "$name: others were served $served times, failed $failed times; $(tr -d '\033' < "$work/$name.log" | grep -a 'service available' | tail -1)"
  [ "$failed" = 0 ] || status=1
}
attack heads -H -i 3 -t GET
attack bodies -B -i 3 -s 8192 -t POST
attack reading -X -n 3 -w 10 -y 20 -z 5 -k 3
exit $status
