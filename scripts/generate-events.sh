#!/bin/sh
# Sends the events file to the server: asks the running application for GET /generateEvents, tells how it
# went on standard error, with a bar meanwhile on a terminal, and prints the summary on standard output.
# Reads API_KEY, HOST and CLIENT_PORT. Exit codes: 0 done, 1 refused or stopped, 2 no answer.
program=generate_events
. "$(dirname "$0")/application.sh"

# Where to look when nobody knows how the run went: calling again would begin a new one if it is over.
after_no_answer="the run may be going on in the application, or go on when it is called again after a restart; \
look at GET /generateEvents/progress or the log first: a call after the end of a run sends the whole file again"
url=$(base_url CLIENT_PORT 3000) || exit 1
listener=
bar=

finish() {
  trap - EXIT INT TERM
  stop_watching
  rm -rf "$work"
}

interrupted() {
  stop_watching
  say "the run goes on in the application; how far it is: curl $url/generateEvents/progress"
  say "the log of the application tells how it ends; a call after that sends the whole file again"
  exit 130
}

# On a terminal: one process listens to the progress, another one draws it. Neither decides how this ends.
start_watching() {
  [ -t 2 ] && mkfifo "$work/events" || return 0
  key_header | curl -q -sfN --noproxy '*' --config - -H 'Accept: text/event-stream' \
    "$url/generateEvents/progress" > "$work/events" 2> "$work/listener-error" &
  listener=$!
  node scripts/progress-bar.mjs < "$work/events" &
  bar=$!
}

# Both, since either may still be waiting for the other one to open the pipe.
stop_watching() {
  [ -n "$bar" ] || return 0
  kill "$listener" "$bar" 2> /dev/null
  wait "$listener" "$bar" 2> /dev/null
  bar=
  printf '\r\033[K' >&2
}

trap finish EXIT
trap interrupted INT TERM
start_watching

status=$(get "$url/generateEvents" "$work/body")
failed=$?
stop_watching
[ "$failed" -eq 0 ] || no_answer "$failed" "$url"
[ "$status" = 200 ] || refuse "$status" "$work/body"
count() {
  number_member "$1" "$work/body"
}
say "$(count read) read, $(count accepted) accepted, $(count duplicates) duplicates, \
$(count invalidTotal) invalid, in $(count durationMs) ms"
if [ "$(count invalidTotal)" -gt 0 ]; then
  say "\"invalid\" in the summary names the lines that were refused, the first 1,000 of them"
fi
cat "$work/body"
echo
