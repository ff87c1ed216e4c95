#!/usr/bin/env bash
# The first minutes of a new user, as the README tells them: start, generate, read a balance, verify, stop.
#
#   bash test/smoke/first-minutes.sh [checkout with its dependencies installed]
#
# Free ports and an own data directory: a running application beside it is not disturbed.
set -euo pipefail

checkout=${1:-.}
user=abc123
ready_seconds_max=90
balance_seconds_max=30

cd "$checkout"
work=$(mktemp -d "${TMPDIR:-/tmp}/revenue-etl-smoke-XXXXXX")
export DATA_DIR="$work/data"
unset DATABASE_URL API_KEYS API_KEYS_FILE API_KEY 2>/dev/null || true
ports=$(node -e '
  const servers = [0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
  setTimeout(() => {
    console.log(servers.map((server) => server.address().port).join(" "));
    servers.forEach((server) => server.close());
  }, 50);
')
export SERVER_PORT="${ports% *}" CLIENT_PORT="${ports#* }"
server="http://127.0.0.1:$SERVER_PORT"
app=

say() { printf 'smoke: %s\n' "$*"; }

fail() {
  say "FAILED: $*" >&2
  if [ -f "$work/app.log" ]; then tail -n 40 "$work/app.log" >&2; fi
  exit 1
}

clean_up() {
  if [ -n "$app" ]; then kill -KILL -- "-$app" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The application stays in the process group of npm; its database does not, but names its directory.
processes_left() {
  local process pid
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    if [ "$(ps -o pgid= -p "$pid" 2>/dev/null | tr -d ' ')" = "$app" ] ||
      tr '\0' '\n' 2>/dev/null <"$process/cmdline" | grep -qF "$DATA_DIR"; then
      ps -o pid=,stat=,args= -p "$pid" | grep -v ' Z' || true
    fi
  done
}

# With whole millionths, apart from the application's own arithmetic.
expected=$(node -e '
  const events = require("fs").readFileSync("events.jsonl", "utf8").split("\n").filter((line) => line.trim())
    .flatMap((line) => { try { return [JSON.parse(line)]; } catch { return []; } });
  const millionths = (value) => BigInt(value.toFixed(6).replace(".", ""));
  const sign = { add_revenue: 1n, subtract_revenue: -1n };
  const sum = events.filter((event) => event.userId === process.argv[1] && sign[event.name])
    .reduce((total, event) => total + sign[event.name] * millionths(event.value), 0n);
  const digits = String(sum < 0n ? -sum : sum).padStart(7, "0");
  const text = `${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, "");
  console.log((sum < 0n ? "-" : "") + text);
' "$user")

set -m # a process group of its own, so that cleaning up reaches all of it
npm start >"$work/app.log" 2>&1 &
app=$!
set +m

tries=0
until curl -fsS -o "$work/ready.json" "$server/health/ready" 2>/dev/null; do
  kill -0 "$app" 2>/dev/null || fail "npm start ended before it was ready"
  tries=$((tries + 1))
  [ "$tries" -lt $((ready_seconds_max * 5)) ] || fail "not ready after $ready_seconds_max s"
  sleep 0.2
done
say "ready as $(id -un)"

npm run --silent generate_events >"$work/generated.json" || fail "npm run generate_events"

tries=0
while :; do
  answer=$(curl -fsS "$server/users/$user/revenue" 2>/dev/null || true)
  revenue=$(printf '%s' "$answer" | sed -n 's/.*"revenue":"\([^"]*\)".*/\1/p')
  [ "$revenue" != "$expected" ] || break
  tries=$((tries + 1))
  [ "$tries" -lt $((balance_seconds_max * 10)) ] ||
    fail "balance of $user is '$revenue' $balance_seconds_max s after generating, expected '$expected'"
  sleep 0.1
done
say "balance of $user is $revenue, the sum in events.jsonl"

npm run --silent verify >"$work/verify.txt" 2>&1 || {
  cat "$work/verify.txt" >&2
  fail "npm run verify beside the running application"
}
say "verify agrees"

kill -TERM "$app"
status=0
wait "$app" || status=$?
[ "$status" -eq 0 ] || fail "npm start ended with $status after SIGTERM, expected 0"
left=$(processes_left)
[ -z "$left" ] || fail "still running after the end: $left"
app=
say "stopped with 0, nothing left behind"
