#!/usr/bin/env bats
# Roots that earlier versions made: tests/fixtures/make_root says what is in them.
load helpers

# unpack VERSION: the root of that version's programs, in BI_ROOT. The host site.example is a server of the test, as a proxy.
unpack() {
	tar xzf "$BATS_TEST_DIRNAME/../fixtures/root-$1.tar.gz" --no-same-owner
	cp "$BI_ROOT/batches/pictures/files/M1_2.png" origin/b.png
	cp "$BI_ROOT/batches/pictures/files/M1_1.png" origin/later.png
	PROXY=(--proxy "$ORIGIN")
}

# results BATCH: one line an item that counts: its number, status and file or error code.
results() {
	jq -rs 'group_by(.item) | map(last)[] | "\(.item) \(.status) \(.path // .error.code)"' \
		"$BI_ROOT/batches/$1/results.ndjson"
}

setup() {
	bi_setup
	mkdir origin
	head -c 3000000 /dev/zero >origin/large.bin
	origin_start
}

@test "0.1: a killed run is gone on with, and what was completed stays as it was" {
	unpack 0.1
	before=$(results pictures)
	assert_equal "$before" '1 completed files/M1_1.png
2 completed files/M1_2.png
3 completed files/M1_3.png
4 failed http_404
5 completed files/M2_1.png'
	(cd "$BI_ROOT/batches/pictures/files" && sha256sum ./*) >sums
	run -0 bi-status --json pictures
	assert_equal "$(jq -c '.batch_job | [.status, .completed_items, .failed_items, .pending_items]' <<<"$output")" \
		'["processing",4,1,2]'
	run -1 --separate-stderr bi-fetch "${PROXY[@]}" --resume -b pictures
	assert_equal "$(results pictures)" "$before
6 completed files/i6_1.bin
7 completed files/i7_1.png"
	(cd "$BI_ROOT/batches/pictures/files" && sha256sum --quiet -c "$BATS_TEST_TMPDIR/sums")
	cmp origin/large.bin "$BI_ROOT/batches/pictures/files/i6_1.bin"
	assert_equal "$(ls "$BI_ROOT/temp")" ''
	# What was completed was not asked for again.
	assert_equal "$(origin_paths | sed 's|.*example||' | sort | paste -sd ' ')" '/b.png?2 /large.bin'
}

@test "0.1: the same list again asks for nothing that is completed, also of a URL with a password" {
	unpack 0.1
	printf '%s\n' '{"url":"http://site.example/b.png","subject":{"id":"M1"}}' \
		'{"url":"http://me:new@site.example/a.png?2","subject":{"id":"M2"}}' >list
	run -0 --separate-stderr bi-fetch "${PROXY[@]}" -b pictures <list
	assert_equal "$(jq -r 'select(.item).item' <<<"$output" | sort | paste -sd ' ')" '2 5'
	assert_equal "$(wc -l <"$BI_ROOT/batches/pictures/items.ndjson")" 7
	assert_equal "$(origin_paths)" ''
}

@test "0.1: a worker ends what was handed in: bytes of a notebook, and a URL with its password" {
	unpack 0.1
	command jq -c . "$BI_ROOT/notebooks/nb/log.ndjson" >before
	run -0 --separate-stderr bi-fetch --work --once "${PROXY[@]}"
	assert_equal "$(results job-5)" '1 completed files/i1_1.txt
2 completed files/i2_1.html'
	assert_equal "$(cat "$BI_ROOT/batches/job-5/files/i1_1.txt")" one
	assert_equal "$(results waiting)" '1 completed files/M2_1.png'
	[ ! -e "$BI_ROOT/batches/waiting/secrets" ]
	assert_equal "$(ls "$BI_ROOT/queue")" ''
	[ ! -e "$BI_ROOT/batches/job-5/uploads" ]
	# The notebook goes on behind what it had.
	command jq -c . "$BI_ROOT/notebooks/nb/log.ndjson" >log
	tail -n +"$(($(wc -l <before) + 1))" log >after
	head -n "$(wc -l <before)" log | cmp - before
	assert_equal "$(jq -c '[.job, .item]' after | paste -sd ' ')" '[5,1] [5,2]'
}

@test "0.1: pages, decisions and the collection are read, and made again where something changed" {
	unpack 0.1
	run -0 bi-render --json pictures
	jq -e 'select(.batch == "pictures") | .error == null' <<<"$output"
	run -0 bi-collect --json pictures
	(cd "$BI_ROOT/collected/by_subject_id/M1" &&
		for file in *.png; do assert_equal "$(sha256sum <"$file" | cut -c 1-64).png" "$file"; done)
	assert_equal "$(find "$BI_ROOT/collected/by_subject_id" -name '*.png' | wc -l)" 1
	run -0 bi-collect -o all.zip pictures
	run -0 bi-collect --verify all.zip
}

@test "0.1: every batch passes the check, its state can be made again, and it can be retired" {
	unpack 0.1
	run -0 bi-clean check
	for name in pictures papers job-4 job-5 waiting; do
		cp "$BI_ROOT/batches/$name/state" state
		run -0 bi-status --rebuild "$name"
		tr r p <state | cmp - "$BI_ROOT/batches/$name/state"
	done
	bi-clean temp
	assert_equal "$(ls "$BI_ROOT/temp")" ''
	run -0 bi-clean -y batch papers --archive papers.tar
	run -0 tar tf papers.tar
	assert_line -e '/files/i2_1.html$'
	[ ! -e "$BI_ROOT/batches/papers" ]
}
