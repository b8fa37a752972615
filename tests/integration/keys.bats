#!/usr/bin/env bats
# The table of identities of a large batch, keys.index: a start reads what is new, and no damage or kill makes an item twice.
load helpers
load keys

LINES_N=9000

# taken COMMAND...: how many bytes it reads and writes.
taken() {
	strace -f -e trace=read,pread64,write,pwrite64 -o trace "$@"
	awk '$NF ~ /^[0-9]+$/ && /= [0-9]+$/ { n += $NF } END { print n }' trace
}

@test "adding a line to a large batch reads a small part of it" {
	local big=100000 first

	seq -f 'http://127.0.0.1:9/a/list/with/longer/names/of/pictures/%08.0f.jpg' "$big" >list
	add -i list
	assert [ "$(wc -c <"$(batch)/items.ndjson")" -gt 10000000 ]
	assert [ "$(wc -c <"$(batch)/keys.index")" -gt 2000000 ]
	first=$(taken bi-fetch -q --queue -b new http://127.0.0.1:9/x 2>&1 | tail -n 1)
	assert [ "$(taken bi-fetch -q --queue -b big http://127.0.0.1:9/x | tail -n 1)" -lt $((first + 1000000)) ]
	assert [ "$(taken bi-fetch -q --queue -b big "$(head -n 7 list | tail -n 1)" | tail -n 1)" -lt $((first + 1000000)) ]
	whole $((big + 1))
}

@test "check reports a table that is wrong, repair removes it, and adding makes it again" {
	local at

	add -i "$LIST"
	cp -a "$(batch)/keys.index" good
	for at in 0 40 100000; do
		cp -a --no-preserve=links good "$(batch)/keys.index"
		dd if=/dev/urandom of="$(batch)/keys.index" bs=1 seek="$at" count=64 conv=notrunc status=none
		run -1 bi-clean check big
		assert_output --partial 'keys.index does not lead to item'
		run -0 bi-clean --repair check big
		assert [ ! -e "$(batch)/keys.index" ]
		add -i "$LIST"
		whole "$LINES_N"
		assert [ -e "$(batch)/keys.index" ]
	done
	# Entries that the disk lost.
	dd if=/dev/zero of="$(batch)/keys.index" bs=4096 seek=10 count=4 conv=notrunc status=none
	run -1 bi-clean check big
	run -0 bi-status --rebuild big
	add -i "$LIST"
	whole "$LINES_N"
}

@test "a copy of a batch, and one that comes back from elsewhere, make the table again" {
	add -i "$LIST"
	cp -a "$BI_ROOT" copy
	BI_ROOT=$PWD/copy
	whole "$LINES_N"
	add -i "$LIST"
	whole "$LINES_N"
	head -n 100 "$(batch)/items.ndjson" >items
	cp items "$(batch)/items.ndjson"
	rm "$(batch)/state" "$(batch)/items.index"
	add -i "$LIST"
	whole "$LINES_N"
}

@test "many processes that add parts of a list make each item once" {
	cat "$LIST" "$LIST" | xargs -d '\n' -P 4 -n 2000 bi-fetch -q --queue --no-sync -b big -- >/dev/null
	whole "$LINES_N"
}
