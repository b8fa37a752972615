#!/usr/bin/env bats
# bi-clean: the seeds' list, ends what is ours and lives, clears what is dead, and touches nothing else.
load helpers

# A server of batch $1 with category $2 and label $3 on the port $4.
served() {
	mkdir -p "$BI_ROOT/review/$1" "$BI_ROOT/batches/$1"
	echo hello >"$BI_ROOT/review/$1/index.html"
	jq -cn --arg n "$1" --arg c "$2" --arg l "$3" '{name: $n, category: $c, label: $l}' >"$BI_ROOT/batches/$1/batch.json"
	bi-serve -p "$4" "$1" >>served
}

# Sets PORT to the first of four ports that nobody listens on.
ports() {
	local port free=

	while [ -z "$free" ]; do
		PORT=$((12000 + RANDOM % 7000))
		free=yes
		for ((port = PORT; port < PORT + 4; port++)); do
			! grep -qi "$(printf ':%04X .* 0A ' "$port")" /proc/net/tcp /proc/net/tcp6 || free=
		done
	done
}

keepers() {
	jq -r 'select(.port).pid' served
}

@test 'list prints the servers in the documented form' {
	ports
	served M_batch1 M 'Batch 1 (chars 1-5)' "$PORT"
	served P_batch1 P 'Batch 1 (chars 1-5)' "$((PORT + 1))"
	run -0 bi-clean list
	assert_output "Active HTTP Servers
================================================================================
Port $PORT:
  Category: M
  Batch: Batch 1 (chars 1-5)
  URL: http://localhost:$PORT/M_batch1/index.html

Port $((PORT + 1)):
  Category: P
  Batch: Batch 1 (chars 1-5)
  URL: http://localhost:$((PORT + 1))/P_batch1/index.html"
	assert_equal "$(bi-status --servers)" "$output"
	run -0 bi-status --servers --json
	assert_equal "$output" "$(command jq -c 'select(.port) | .url |= sub("#token=.*"; "")' served)"
}

@test "list: on a terminal it says how to have a URL by which pages save, and that is so" {
	ports
	served A M L "$PORT"
	run -0 on_terminal bi-clean list
	assert_output --partial 'do not save: `bi-serve BATCH` prints one by which they do.'
	run -0 bi-serve A
	assert_equal "$(jq -r 'select(.port).url' <<<"$output")" "http://localhost:$PORT/A/index.html#token=$(<"$BI_ROOT/token")"
	assert_equal "$(jq -r 'select(.port).pid' <<<"$output")" "$(keepers)"
}

@test 'list says that there are no servers, and prints them as records with --json' {
	mkdir -p "$BI_ROOT"
	run -0 bi-clean list
	assert_output 'No active servers'
	run -0 bi-clean --json list
	assert_output '{"end":"bi-clean","servers":0,"exit":0}'
	ports
	served M_batch1 M 'Batch 1 (chars 1-5)' "$PORT"
	run -0 bi-clean -j list
	assert_equal "${lines[0]}" "$(command jq -c 'select(.port) | .url |= sub("#token=.*"; "")' served)"
	assert_equal "${lines[1]}" '{"end":"bi-clean","servers":1,"exit":0}'
}

@test "list: a label does a terminal no harm" {
	ports
	served M_batch1 $'M\n\e[2J' $'caf\u00e9\u009b\ttab' "$PORT"
	run -0 bi-clean list
	assert_line '  Category: M??[2J'
	assert_line $'  Batch: caf\u00e9??tab'
}

@test "stop: only those named; -n stops nothing; again it is not there" {
	ports
	served A M L "$PORT"
	served B M L "$((PORT + 1))"
	run -0 bi-clean stop -n "$PORT"
	assert_output "would stop port $PORT: A"
	run -0 bi-clean --dry-run stop-all
	assert_equal "${#lines[@]}" 2
	for pid in $(keepers); do
		run ! gone "$pid"
	done
	run -0 bi-clean stop "$PORT"
	assert_output "stopped port $PORT: A"
	gone "$(keepers | head -n 1)"
	run ! gone "$(keepers | tail -n 1)"
	run -1 --separate-stderr bi-clean stop "$PORT" "$((PORT + 1))"
	assert_output "stopped port $((PORT + 1)): B"
	assert_regex "$stderr" "no server of .* holds port $PORT"
	run -1 --separate-stderr bi-clean stop -n "$PORT"
	assert_regex "$stderr" "no server of .* holds port $PORT"
}

@test "stop: another program's port is its own" {
	ports
	mkdir -p "$BI_ROOT" www
	echo "server.document-root = \"$PWD/www\" server.bind = \"127.0.0.1\" server.port = $PORT" >conf
	start lighttpd -D -f conf 2>/dev/null
	other=$!
	poll 10 curl -s -o /dev/null "http://127.0.0.1:$PORT/"
	run -1 bi-clean stop "$PORT"
	run -0 bi-clean stop-all
	run ! gone "$other"
}

@test "stop-all: every server of this root and none of another; again it does nothing" {
	ports
	served A M L "$PORT"
	served B M L "$((PORT + 1))"
	mine=$BI_ROOT
	export BI_ROOT=$BATS_TEST_TMPDIR/other
	served C M L "$((PORT + 2))"
	BI_ROOT=$mine run -0 bi-clean stop-all
	assert_output "stopped port $PORT: A
stopped port $((PORT + 1)): B"
	assert_equal "$(curl -s "http://localhost:$((PORT + 2))/C/")" hello
	BI_ROOT=$mine run -0 bi-clean stop-all
	assert_output 'No active servers'
	run -0 bi-clean --json stop-all
	assert_line -n 0 "{\"stopped\":$((PORT + 2)),\"batch\":\"C\"}"
	assert_line -n 1 '{"end":"bi-clean","stopped":1,"failed":0,"exit":0}'
}

@test "what a lease file says is not believed: nobody but its holder is signalled" {
	mkdir -p "$BI_ROOT/leases"
	start sleep 60
	bystander=$!
	echo "{\"port\":8000,\"pid\":$bystander,\"batch\":\"A\",\"url\":\"http://localhost:8000/A/index.html\"}" >"$BI_ROOT/leases/8000"
	start flock "$BI_ROOT/leases/8001" sleep 60
	flocker=$!
	poll 10 sh -c "! flock -n '$BI_ROOT/leases/8001' true"
	ln -s "/proc/$bystander/environ" "$BI_ROOT/leases/8002"
	mkdir "$BI_ROOT/leases/8003"
	mkfifo "$BI_ROOT/leases/8004"
	head -c 100000 /dev/urandom >"$BI_ROOT/leases/8005"
	run -0 bi-clean list
	assert_output 'No active servers'
	for port in 8000 8001 8002 8003 8004 8005; do
		run -1 bi-clean stop "$port"
	done
	run -0 bi-clean stop-all
	assert_output 'No active servers'
	run ! gone "$bystander"
	run ! gone "$flocker"
	stop "$flocker" KILL
	for pid in $(of_this_test); do # the sleep of flock(1)
		kill -KILL "$pid"
	done
}

@test "a server stopped while it starts goes, and leaves the port" {
	ports
	mkdir -p "$BI_ROOT/review/A"
	echo hello >"$BI_ROOT/review/A/index.html"
	printf '#!/bin/sh\ntrap "" INT TERM\necho $$ >%s/started\nexec sleep 60\n' "$PWD" >stuck
	chmod +x stuck
	BI_LIGHTTPD=$PWD/stuck start bi-serve -p "$PORT" A >out 2>err
	bi_serve=$!
	poll 10 test -s started
	run -0 bi-clean stop "$PORT"
	poll 10 gone "$bi_serve"
	grep -q 'asked to end before it was ready' err
	gone "$(<started)"
	served A M L "$PORT"
}

@test "temp: what nobody holds goes, what lives and what is not ours stays" {
	mkdir -p "$BI_ROOT/temp/folder"
	cd "$BI_ROOT/temp"
	printf 12345 >part-dead
	printf 1234567 >part-other
	printf live >part-live
	: >part-empty
	start flock part-live sleep 60
	flocker=$!
	poll 10 sh -c '! flock -n part-live true'
	echo precious >../precious
	ln -s ../precious link
	mkfifo pipe
	run -0 --separate-stderr bi-clean -n temp
	assert_line 'would remove part-dead (5 bytes)'
	assert_line '3 files would be removed, 12 bytes would be freed; 1 in use'
	[ -e part-dead ]
	run -0 --separate-stderr bi-clean temp
	assert_output '3 files removed, 12 bytes freed; 1 in use'
	for name in folder link pipe; do
		assert_regex "$stderr" "temp/$name is .*: left alone"
	done
	assert_equal "$(echo *)" 'folder link part-live pipe'
	assert_equal "$(<../precious)" precious
	run -0 --separate-stderr bi-clean temp
	assert_output '0 files removed, 0 bytes freed; 1 in use'
	kill -KILL "$flocker"
	for pid in $(of_this_test); do # the sleep of flock(1), that has the lock too
		kill -KILL "$pid"
		poll 10 gone "$pid"
	done
	run -0 --separate-stderr bi-clean --json temp
	assert_line -n 0 '{"removed":"part-live","bytes":4}'
	assert_line -n 1 '{"end":"bi-clean","files":1,"bytes":4,"held":0,"failed":0,"exit":0}'
}

@test 'temp does nothing in a root without temp/, and fails at one that is a link out of the root' {
	mkdir -p "$BI_ROOT" elsewhere
	run -0 bi-clean temp
	assert_output '0 files removed, 0 bytes freed'
	[ ! -e "$BI_ROOT/temp" ]
	echo precious >elsewhere/file
	ln -s "$PWD/elsewhere" "$BI_ROOT/temp"
	run bi-clean temp
	assert_failure
	assert_equal "$(<elsewhere/file)" precious
}

@test 'wrong use is refused with a message and exit 2' {
	mkdir -p "$BI_ROOT"
	for args in "" "frob" "stop" "stop 0" "stop 65536" "stop 80x" "stop -1" "list 8000" "temp x" "stop-all 8000" "--frob list"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr bi-clean $args
		assert_equal "$output" ""
		assert_regex "$stderr" '^bi-clean: '
	done
	run -66 bi-clean -r nosuch list
	[ ! -e nosuch ]
}

@test "a full disk below standard output is not called success" {
	mkdir -p "$BI_ROOT"
	for verb in list temp stop-all; do
		run -74 sh -c "bi-clean $verb >/dev/full"
	done
}
