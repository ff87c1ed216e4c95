#!/bin/sh
# Creates what is missing in the database: asks the running application for GET /createTable.
# Reads API_KEY, HOST and SERVER_PORT. Exit codes: 0 done, 1 refused, 2 no answer.
program=create_table
. "$(dirname "$0")/application.sh"
trap 'rm -rf "$work"' EXIT

url=$(base_url SERVER_PORT 8000) || exit 1
status=$(get "$url/createTable" "$work/body") || no_answer $? "$url"
[ "$status" = 200 ] || refuse "$status" "$work/body"
cat "$work/body"
echo
