#!/bin/bash
# The real clients, hostile ones and load against `alexnet serve`.
#   scripts/check-server.sh [--clients] [--engine E] [--seconds N] [--minutes N] [--requests N] [--peer]
# --clients   only Triton's Python client (and KServe's where it is installed), on a small model: a minute
# --seconds   of each phase of load (10); --minutes of load for memory (0; 30 says most)
# --requests  with wrong bytes (10000); --peer also measures MLServer with onnxruntime
# Needs python3 with venv, and PyPI and npm.
set -euo pipefail
cd "$(dirname "$0")/.."

only= engine=auto seconds=10 minutes=0 requests=10000 peer=
while [ $# -gt 0 ]; do
  case $1 in
    --clients) only=clients ;;
    --peer) peer=yes ;;
    --engine) engine=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --minutes) minutes=$2; shift ;;
    --requests) requests=$2; shift ;;
    *) sed -n '2,7s/^# //p' "$0"; exit 2 ;;
  esac
  shift
done

# installed FOLDER PACKAGE…: a virtual environment with these, made once.
installed() {
  local folder=$1
  shift
  [ -f "$folder/.done" ] && return
  python3 -m venv "$folder" && timeout 900 "$folder/bin/pip" install -q --disable-pip-version-check "$@" && touch "$folder/.done"
}

work=$(mktemp -d)
server= other=
stop() {
  for one in $server $other; do kill "$one" 2> /dev/null || true; done
  rm -rf "$work"
}
trap stop EXIT

# served FLAG…: starts the server and sets $url and $server.
served() {
  node bin/alexnet serve "$work/models" --port 0 --engine "$engine" --json --drain 0s --log-level error "$@" > "$work/served.json" &
  server=$!
  until [ -s "$work/served.json" ]; do kill -0 "$server" && sleep 0.2; done
  url=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).url' "$work/served.json")
}

ended() {
  kill "$server"
  wait "$server"
  server=
}

variant=paper
[ "$only" = clients ] && variant=small
node scripts/check-server-make.mjs "$work" "$variant" "$engine"
clients=build/server-clients
if [ "$only" = clients ]; then
  installed $clients 'tritonclient[http]' || { echo 'passed over: the clients could not be installed from PyPI.'; exit 0; }
  served
  $clients/bin/python scripts/check-server-clients.py "$url" "$work"
  ended
  exit
fi

clients=build/server-clients-all
installed $clients 'tritonclient[http]' kserve
installed build/server-schemathesis schemathesis
[ -d build/autocannon/node_modules/autocannon ] || npm install -q --no-audit --no-fund --prefix build/autocannon autocannon@9
autocannon=$PWD/build/autocannon/node_modules/autocannon

served
$clients/bin/python scripts/check-server-clients.py "$url" "$work"
build/server-schemathesis/bin/schemathesis run "$url/openapi.json" --max-examples 50 \
  --checks not_a_server_error,content_type_conformance,response_schema_conformance | grep -E '❌|generated|FAILED|- (GET|POST)' || true
node scripts/check-server-hostile.mjs "$url" "$work" "$server" "$requests"
ended
node scripts/check-server-stop.mjs "$work" "$engine"

for batch in 1 8 32; do node scripts/check-server-engine.mjs "$work" "$engine" $batch "$seconds"; done
served
node scripts/check-server-load.mjs "$url" "$work" "$server" "$seconds" "$minutes" "$autocannon"
ended
for batch in 1 8 32; do node scripts/check-server-engine.mjs "$work" "$engine" $batch "$seconds"; done

[ -n "$peer" ] || exit 0
installed build/server-peer mlserver onnxruntime
mkdir "$work/peer"
cp scripts/check-server-peer.py "$work/peer/peer_runtime.py"
node bin/alexnet convert "$work/models/checked.safetensors" "$work/peer/checked.onnx"
cat > "$work/peer/model-settings.json" << JSON
{"name": "checked", "implementation": "peer_runtime.Onnx", "max_batch_size": 32, "max_batch_time": 0.01,
 "parameters": {"uri": "checked.onnx", "version": "1"}}
JSON
echo '{"http_port": 8766, "grpc_port": 8767, "metrics_port": 8768, "parallel_workers": 0}' > "$work/peer/settings.json"
python=$PWD/build/server-peer/bin
(cd "$work/peer" && PYTHONPATH=. exec "$python/mlserver" start .) > "$work/peer.log" 2>&1 &
other=$!
peer=http://127.0.0.1:8766
until curl -sf $peer/v2/models/checked/ready > /dev/null; do
  kill -0 "$other" || { cat "$work/peer.log"; exit 1; }
  sleep 1
done
served
$clients/bin/python scripts/check-server-beside.py "$url" "$peer" "$work"
# Each in turn, while the other has nothing to do.
for _ in 1 2; do
  echo 'alexnet serve:'
  node scripts/check-server-load.mjs "$url" "$work" "$server" "$seconds" 0 "$autocannon" peer
  echo 'MLServer with onnxruntime:'
  node scripts/check-server-load.mjs "$peer" "$work" "$other" "$seconds" 0 "$autocannon" peer
done
ended
