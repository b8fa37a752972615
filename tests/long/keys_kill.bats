#!/usr/bin/env bats
# Kills at each step of adding to a large batch: its table of identities, keys.index, makes no item twice and hides none.
load ../integration/helpers
load ../integration/keys

LINES_N=20000

@test "a process that is killed while it adds leaves no item twice, and loses none" {
	for _ in {1..12}; do
		bi-fetch -q --queue --no-sync -b big -i "$LIST" >/dev/null &
		sleep "0.0$((RANDOM % 10))"
		kill -9 $! 2>/dev/null || true
		wait $! 2>/dev/null || true
	done
	add -i "$LIST"
	whole "$LINES_N"
	assert [ -s "$(batch)/keys.index" ]
}

@test "a process that is killed at a write or a sync of the table leaves no item twice" {
	local call n

	head -n 15000 "$LIST" >most
	for call in pwrite64 fdatasync linkat renameat; do
		for n in 1 2 4; do
			rm -rf "$BI_ROOT"
			add -i most
			# The next lines are merged into the table that is there, or into a larger one.
			strace -f --seccomp-bpf -o trace -P "$(batch)/keys.index" -P "$BI_ROOT/temp" -P "$(batch)/items.ndjson" \
				-e "inject=$call:signal=KILL:when=$n" bi-fetch -q --queue --no-sync -b big -i "$LIST" \
				>/dev/null 2>&1 || true
			add -i "$LIST"
			whole "$LINES_N"
		done
	done
}
