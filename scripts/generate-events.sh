#!/bin/sh
# Sends the events file to the server: asks the running application for GET /generateEvents, shows
# how far it is on standard error, and prints the summary on standard output.
# Reads API_KEY, HOST and CLIENT_PORT. Exit codes: 0 done, 1 refused or stopped, 2 no answer.
program=generate_events
. "$(dirname "$0")/application.sh"

# Where to look when nobody knows how the run went: calling again would begin a new one if it is over.
after_no_answer="the run may be going on in the application, or go on when it is called again after a restart; \
look at GET /generateEvents/progress or the log first: a call after the end of a run sends the whole file again"
poll_seconds=1
plain_seconds=5
url=$(base_url CLIENT_PORT 3000) || exit 1
watcher=

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

# duration <seconds>: 1:02:03 or 2:03
duration() {
  if [ "$1" -ge 3600 ]; then
    printf '%d:%02d:%02d' $(($1 / 3600)) $(($1 / 60 % 60)) $(($1 % 60))
  else
    printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
  fi
}

# bar <percent>: 20 places
bar() {
  filled=$(($1 / 5)) places=0 drawn=
  while [ "$places" -lt 20 ]; do
    if [ "$places" -lt "$filled" ]; then drawn="$drawn#"; else drawn="$drawn-"; fi
    places=$((places + 1))
  done
  printf '[%s]' "$drawn"
}

# read_progress: sets text; false while there is nothing to tell.
read_progress() {
  [ "$(get "$url/generateEvents/progress" "$work/progress" 2> /dev/null)" = 200 ] || return 1
  grep -q '"running":true' "$work/progress" || return 1
  bytes=$(number_member bytesRead "$work/progress")
  total=$(number_member bytesTotal "$work/progress")
  if [ "${total:-0}" -eq 0 ]; then
    text="reading the file before it is sent"
    return 0
  fi
  percent=$((bytes * 100 / total))
  counts="$(number_member accepted "$work/progress") accepted"
  counts="$counts, $(number_member duplicates "$work/progress") duplicates"
  counts="$counts, $(number_member invalidTotal "$work/progress") invalid"
  rate=$(number_member ratePerSecond "$work/progress")
  now=$(date +%s)
  first_bytes=${first_bytes:-$bytes} first_time=${first_time:-$now}
  eta=
  if [ "$bytes" -gt "$first_bytes" ]; then
    left=$(((total - bytes) * (now - first_time) / (bytes - first_bytes)))
    eta=", ETA $(duration "$left")"
  fi
  text="$percent%$eta, $rate/s, $counts"
}

# Their sleep holds no stream: it may outlive the script by a moment, and a pipe would wait for it.
# A line that is longer than the terminal is wide would leave its rest behind: no wrapping meanwhile.
watch_terminal() {
  percent=0
  while sleep "$poll_seconds" > /dev/null 2>&1; do
    read_progress || continue
    printf '\033[?7l\r%s %s\033[K\033[?7h' "$(bar "$percent")" "$text" >&2
  done
}

watch_plain() {
  while sleep "$plain_seconds" > /dev/null 2>&1; do
    read_progress || continue
    say "$text"
  done
}

stop_watching() {
  [ -n "$watcher" ] || return 0
  kill "$watcher" 2> /dev/null
  wait "$watcher" 2> /dev/null
  watcher=
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
}

trap finish EXIT
trap interrupted INT TERM
if [ -t 2 ]; then watch_terminal & else watch_plain & fi
watcher=$!

status=$(get "$url/generateEvents" "$work/body")
failed=$?
stop_watching
[ "$failed" -eq 0 ] || no_answer "$failed" "$url"
[ "$status" = 200 ] || refuse "$status" "$work/body"
invalid=$(number_member invalidTotal "$work/body")
if [ "${invalid:-0}" -gt 0 ]; then
  say "lines that were refused: $invalid, see \"invalid\" in the summary"
fi
cat "$work/body"
echo
