# Shared by the scripts that call the running application: where it listens, and how to ask it.
# To be sourced by a script that has set `program`.

cd "$(dirname "$0")/.." || exit 1

# say <text>: on standard error. Not by echo, which reads backslashes in some shells.
say() {
  printf '%s: %s\n' "$program" "$1" >&2
}

command -v curl > /dev/null || {
  say "curl is needed and was not found"
  exit 1
}

work=$(mktemp -d) || exit 1

# file_value <file> <NAME>: the last assignment in a dotenv file, without quotes and comment.
file_value() {
  [ -f "$1" ] || return 1
  line=$(sed -n "s/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}$2[[:space:]]*=[[:space:]]*/=/p" "$1" |
    tail -n 1 | tr -d '\r')
  [ -n "$line" ] || return 1
  printf '%s\n' "$line" | sed -e 's/^=//' -e 's/^"\([^"]*\)".*/\1/' -e "s/^'\([^']*\)'.*/\1/" \
    -e 's/[[:space:]]*#.*$//' -e 's/[[:space:]]*$//'
}

# setting <NAME> <default>: as the application resolves it; an empty value means the default.
setting() {
  eval "is_set=\${$1+yes}; value=\${$1-}"
  if [ "$is_set" != yes ]; then
    value=$(file_value .env.local "$1" || file_value .env "$1")
  fi
  printf '%s\n' "${value:-$2}"
}

# base_url <PORT_VARIABLE> <default port>
base_url() {
  host=$(setting HOST 127.0.0.1)
  case $host in
    0.0.0.0) host=127.0.0.1 ;;
    ::) host='[::1]' ;;
    *:*) host="[$host]" ;;
  esac
  port=$(setting "$1" "$2")
  if [ "$port" = 0 ]; then
    say "$1 is 0, so the system chose the port; set $1 to the one the application told"
    return 1
  fi
  printf 'http://%s:%s\n' "$host" "$port"
}

# key_header: the key as a line of a configuration that curl reads from its standard input, where the
# process list does not show it.
key_header() {
  [ -z "${API_KEY:-}" ] || printf '%s' "$API_KEY" |
    sed -e 's/[\\"]/\\&/g' -e 's/^/header = "Authorization: Bearer /' -e 's/$/"/'
  echo
}

# get <url> <body file>: prints the status; 000 when there was no answer.
get() {
  key_header |
    curl -q -sS --noproxy '*' --config - -o "$2" -w '%{http_code}' "$1" 2> "$work/curl-error"
}

# text_member <name> <file>: a string member of a JSON object on one line.
text_member() {
  sed -nE "s/.*\"$1\":\"(([^\"\\\\]|\\\\.)*)\".*/\1/p" "$2" | sed -e 's/\\"/"/g' -e 's/\\\\/\\/g'
}

# number_member <name> <file>
number_member() {
  sed -n "s/.*\"$1\":\([0-9]\{1,\}\).*/\1/p" "$2"
}

# refuse <status> <body file>: says what went wrong and ends the script.
refuse() {
  code=$(text_member code "$2" 2> /dev/null)
  detail=$(text_member detail "$2" 2> /dev/null)
  say "${code:-unexpected answer} (HTTP $1)${detail:+: $detail}"
  case $1 in
    401 | 403) say "set API_KEY to a key with the scope admin: API_KEY=... npm run $program" ;;
  esac
  [ -n "$code" ] || head -c 2000 "$2" >&2
  exit 1
}

# no_answer <curl's exit code> <url>: the application is not there, or went away.
no_answer() {
  if [ "$1" -eq 7 ]; then
    say "nothing listens on $2; start the application first: npm start"
  else
    say "no answer from $2: $(cat "$work/curl-error")"
    [ -z "${after_no_answer-}" ] || say "$after_no_answer"
  fi
  exit 2
}
