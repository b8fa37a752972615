#!/usr/bin/env bash
# Each part of `make bench` runs to its end, in small. Its figures are comments of TAP, and mean nothing here.
set -uo pipefail
cd "$(dirname "$0")/../bench" || exit
n=0
echo 1..5
for part in 'run --quick' 'pictures --quick' 'upload --quick' 'api --quick' parse; do
	n=$((n + 1)) status=0
	# shellcheck disable=SC2086 # a name and its option
	said=$(./$part 2>&1) || status=$?
	printf '%s %d - %s (exit %d)\n' "$([ "$status" = 0 ] && echo ok || echo 'not ok')" "$n" "$part" "$status"
	printf '%s\n' "$said" | sed 's/^/# /'
done
