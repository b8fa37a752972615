#!/usr/bin/env bats
# bi-clean batch, old, cancel, check and legacy: what is retired is gone, and nothing else.
load helpers
load archived

@test "batch: asks, then the batch is gone with its pages and parts, and another is as it was" {
	batch M 3
	batch P 2
	bi-render M P >/dev/null
	echo part >"$BI_ROOT/temp/M.7.part"
	echo part >"$BI_ROOT/temp/M.x.7.part"
	everything batches/P review/P >before

	run -1 bi-clean batch M </dev/null
	assert_output --partial 'cannot ask for confirmation without a terminal: --yes'
	run -0 bi-clean -n batch M
	assert_output --regexp '^would remove batch M: 3 items, [0-9]+ files, [0-9]+ bytes$'
	[ -e "$BI_ROOT/batches/M/batch.json" ]
	run -0 bi-clean -y batch M
	assert_output --regexp '^removed batch M: 3 items, [0-9]+ files, [0-9]+ bytes$'
	[ ! -e "$BI_ROOT/batches/M" ]
	[ ! -e "$BI_ROOT/review/M" ]
	[ ! -e "$BI_ROOT/temp/M.7.part" ]
	[ -e "$BI_ROOT/temp/M.x.7.part" ]
	assert_equal "$(ls "$BI_ROOT/trash")" ''
	everything batches/P review/P | diff before -
	run -66 bi-clean -y batch M
	assert_output --partial "there is no batch 'M'"
}

@test "batch: what was chosen of it stays" {
	batch M 2
	echo '{"batch":"M","selections":{"a":1}}' >picks
	bi-collect --picks picks M >/dev/null
	run -0 bi-clean -y batch M
	assert_equal "$(find "$BI_ROOT/collected/by_subject_id" -name '*.txt' | wc -l)" 1
}

@test "batch: one that is worked on, queued or shown is left alone, and the message says what to do" {
	batch M 1
	batch Q 1
	batch S 1
	mkfifo lines
	exec 5<>lines
	start bi-fetch -q -b M <lines 5>&- >/dev/null
	echo "$PWD/M.1" >&5
	poll 10 sh -c "bi-clean -n batch M 2>&1 | grep -q 'being worked on'"
	run -75 bi-clean -y batch M
	assert_output --partial 'bi-clean cancel M'
	exec 5>&-
	mkdir -p "$BI_ROOT/queue"
	: >"$BI_ROOT/queue/Q"
	run -75 bi-clean -y batch Q
	assert_output --partial 'waits for a worker: bi-clean cancel Q'
	bi-render S >/dev/null
	bi-serve -p 12000-18999 S >served
	run -75 bi-clean -y batch S
	assert_output --regexp 'has a server: bi-clean stop 1[0-9]+ ends it'
	for name in M Q S; do
		[ -e "$BI_ROOT/batches/$name/results.ndjson" ]
	done
}

@test "batch --archive: the archive has it all, verifies, and is never written over" {
	batch M 3
	cp -R "$BI_ROOT/batches/M" kept
	run -2 bi-clean -y --archive M.docx batch M
	echo mine >M.tar
	run -73 bi-clean -y --archive M.tar batch M
	assert_output --partial 'nothing is removed'
	assert_equal "$(cat M.tar)" mine
	run -73 bi-clean -y --archive nosuch/M.tar batch M
	[ -e "$BI_ROOT/batches/M/results.ndjson" ]
	run -0 bi-clean -y --archive M.tar.gz batch M
	[ ! -e "$BI_ROOT/batches/M" ]
	run -0 bi-collect --verify M.tar.gz
	mkdir out
	tar xzf M.tar.gz -C out
	for file in batch.json items.ndjson results.ndjson state files/a_1.txt files/a_3.txt; do
		cmp "out/M/$file" "kept/$file"
	done
}

@test "batch: killed at any step it is whole or gone, and the next one deletes the rest" {
	local n

	need_strace
	batch keep 1
	for n in 1 2 3; do
		batch M 40
		bi-render M >/dev/null
		run strace -f -o /dev/null -e trace=unlinkat -e inject=unlinkat:signal=KILL:when=$((n * 9)) \
			bi-clean -y batch M
		if [ -e "$BI_ROOT/batches/M" ]; then
			run -0 bi-clean check M
		fi
		bi-clean -y batch M keep2 >/dev/null 2>&1 || :
		[ ! -e "$BI_ROOT/batches/M" ]
		assert_equal "$(ls "$BI_ROOT/trash")" ''
	done
	run -0 bi-clean check keep
}

@test "batch: links planted in it are removed, never followed" {
	batch M 1
	mkdir outside
	echo precious >outside/file
	ln -s "$PWD/outside" "$BI_ROOT/batches/M/files/link"
	ln -s "$PWD/outside/file" "$BI_ROOT/batches/M/files/a_9.txt"
	ln -s "$PWD/outside" "$BI_ROOT/batches/planted"
	run -0 bi-clean -y batch M
	assert_equal "$(cat outside/file)" precious
	run bi-clean -y batch planted
	[ "$status" -ne 0 ]
	assert_equal "$(cat outside/file)" precious
	[ -L "$BI_ROOT/batches/planted" ]
}

@test "old: those that are done and have not changed, by the later of their files" {
	batch fresh 1
	batch old 1
	batch picked 1
	batch waiting 1
	for name in old picked waiting; do
		touch -d '40 days ago' "$BI_ROOT/batches/$name/state" "$BI_ROOT/batches/$name/results.ndjson"
	done
	printf '{"subject":"a","choice":1}\n' >"$BI_ROOT/batches/picked/picks.ndjson"
	printf p | dd of="$BI_ROOT/batches/waiting/state" conv=notrunc status=none
	touch -d '40 days ago' "$BI_ROOT/batches/waiting/state"
	run -2 bi-clean -y old
	assert_output --partial '--older-than'
	run -2 bi-clean -y --older-than 30 old
	run -0 bi-clean -n --older-than 30d old
	assert_output --partial 'would remove batch old'
	run -0 bi-clean -y --older-than 30d old
	assert_equal "$(ls "$BI_ROOT/batches")" "$(printf 'fresh\npicked\nwaiting')"
	run -0 bi-clean -y --older-than 30d old
	assert_output 'Nothing to remove'
}

@test "cancel: what is pending fails as cancelled, and may be taken up again" {
	batch M 2
	printf pr | dd of="$BI_ROOT/batches/M/state" conv=notrunc status=none
	sed -i d "$BI_ROOT/batches/M/results.ndjson"
	mkdir -p "$BI_ROOT/queue"
	: >"$BI_ROOT/queue/M"
	run -0 bi-clean -n cancel M
	assert_output 'would cancel 2 items of batch M'
	run -0 bi-clean cancel M
	assert_output 'cancelled 2 items of batch M'
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" ff
	[ ! -e "$BI_ROOT/queue/M" ]
	run -0 bi-status --json M
	assert_equal "$(jq -r '.items[].error_message' <<<"$output" | sort -u)" 'the batch was cancelled before it was fetched'
	run -0 bi-clean cancel M
	assert_output 'cancelled 0 items of batch M'
	run -0 bi-fetch -q -b M --resume --retry status=cancelled
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" cc
	run -66 bi-clean cancel nosuch
}

@test "cancel: who works on the batch lets go" {


	faulty_start
	seq -f "$FAULTY/slow/20000/%.0f" 1 300 >urls
	start bi-fetch -q -b M -P 8 --per-host 8 --tries 1 <urls >records
	fetch=$!
	poll 20 sh -c "grep -q r '$BI_ROOT/batches/M/state'"
	run -0 bi-clean cancel M
	poll 20 gone "$fetch"
	run -0 bi-status --json --limit 0 M
	assert_equal "$(jq -c '.batch_job | [.total_items, .failed_items, .pending_items, .processing_items]' <<<"$output")" \
		'[300,300,0,0]'
	assert_equal "$(jq -r 'select(.item) | .error.code' records | sort -u)" cancelled
}

@test "check: a flipped bit, a missing file, a torn record, a wrong state byte and an orphan are found" {
	local dir

	batch M 6
	batch fine 2
	dir=$BI_ROOT/batches/M
	run -0 bi-clean check
	assert_output '2 batches verified: all is well'

	printf X | dd of="$dir/files/a_1.txt" conv=notrunc status=none
	rm "$dir/files/a_2.txt"
	printf '{"item":3,"sta' >>"$dir/results.ndjson"
	printf f | dd of="$dir/state" bs=1 seek=3 conv=notrunc status=none
	echo stray >"$dir/files/a_99.txt"
	everything . >before
	run -1 bi-clean check
	assert_line --regexp '^M: files/a_1.txt of item 1 does not have the bytes that were fetched: .*--resume'
	assert_line --regexp '^M: files/a_2.txt of item 2 is missing: .*--resume'
	assert_line 'M: results.ndjson ends in an incomplete line'
	assert_line 'M: the state of item 4 is f, and its result says c'
	assert_line 'M: files/a_99.txt belongs to no item'
	assert_line '2 batches verified: 5 found, 0 mended (--repair repairs what it can)'
	everything . | diff before -
	run -1 bi-clean -n --repair check
	everything . | diff before -
	run -1 bi-clean --json check M
	assert_equal "$(grep -v '"end"' <<<"$output" | jq -r .found | sort | tr '\n' ' ')" \
		'file_changed file_missing orphan record_torn state_wrong '

	run -1 bi-clean --repair check
	assert_line 'M: results.ndjson ends in an incomplete line: mended'
	assert_line 'M: the state of item 4 is f, and its result says c: mended'
	assert_line 'M: files/a_99.txt belongs to no item: mended'
	assert_line '2 batches verified: 5 found, 3 mended'
	[ ! -e "$dir/files/a_99.txt" ]
	everything batches/fine >fine
	run -1 bi-clean --repair check
	everything batches/fine | diff fine -

	# What it could not mend, the lines say how to.
	rm "$dir/files/a_1.txt"
	run -0 bi-status --rebuild M
	run -0 bi-fetch -q -b M --resume
	run -0 bi-clean check
	assert_output '2 batches verified: all is well'
}

@test "check: a line that is none is named, and not taken away" {
	batch M 3
	sed -i '2s/.*/rubbish/' "$BI_ROOT/batches/M/results.ndjson"
	run -1 bi-clean --repair check M
	assert_line --partial 'line 2 of results.ndjson is not a result'
	assert_line 'M: files/a_2.txt belongs to no result that can be read'
	[ -s "$BI_ROOT/batches/M/files/a_2.txt" ]
	grep -qx rubbish "$BI_ROOT/batches/M/results.ndjson"
}

@test "check: a batch half made by a crash, and one that is worked on" {
	mkdir -p "$BI_ROOT/batches/half"
	run -1 bi-clean check half
	assert_line --partial 'batch.json is missing'
	batch M 1
	mkfifo lines
	exec 5<>lines
	start bi-fetch -q -b M <lines 5>&- >/dev/null
	echo "$PWD/M.1" >&5
	poll 10 sh -c 'bi-clean --repair check M 2>&1 | grep -q "being worked on"'
	run -75 bi-clean --repair check M
	run -0 bi-clean check M
	exec 5>&-
}

@test "legacy: the old layout is told, becomes a batch, or goes; batch directories are untouched" {
	mkdir -p review/M_batch1
	for id in 7 12; do
		echo page >"review/${id}_review.html"
		for idx in 1 2 10; do
			echo "picture $id $idx" >"review/${id}_$idx.jpg"
		done
	done
	echo page >review/index.html
	echo mine >review/notes.txt
	echo page >review/M_batch1/index.html
	cp -R review before

	mkdir root
	run -0 bi-clean --root root legacy review
	assert_line --partial 'review: 3 old pages and 6 pictures'
	assert_line --partial '1 directories and 1 other files are left alone'
	assert_line '--move-to NAME makes a batch of them, --delete removes them'
	run -0 bi-clean -n --move-to old legacy review
	diff -r before review

	run -0 bi-clean --move-to old legacy review
	assert_line --partial 'moved 6 pictures to the batch old: bi-render old makes its pages'
	assert_equal "$(ls review)" "$(printf 'M_batch1\nnotes.txt')"
	for id in 7 12; do
		cmp "before/${id}_1.jpg" "$BI_ROOT/batches/old/files/${id}_1.txt"
		cmp "before/${id}_10.jpg" "$BI_ROOT/batches/old/files/${id}_3.txt"
	done
	run -0 bi-clean --move-to old legacy review
	assert_output --partial '0 old pages and 0 pictures'

	rm -r review
	cp -R before review
	run -1 bi-clean --delete legacy review </dev/null
	diff -r before review
	run -0 bi-clean -y --delete legacy review
	assert_equal "$(find review -type f | sort)" "$(printf 'review/M_batch1/index.html\nreview/notes.txt')"
	run -66 bi-clean legacy nosuch
}

@test "legacy: another picture of a name that was moved before is left where it is" {
	mkdir -p review "$BI_ROOT"
	echo one >review/1_1.jpg
	run -0 bi-clean --move-to old legacy review
	[ ! -e review/1_1.jpg ]
	echo another >review/1_1.jpg
	echo two >review/1_2.jpg
	run -1 bi-clean --move-to old legacy review
	assert_output --partial 'review/1_1.jpg is not the picture of that name in the batch old'
	assert_line --partial 'moved 1 pictures'
	assert_equal "$(ls review)" 1_1.jpg
	assert_equal "$(cat review/1_1.jpg)" another
	run -0 bi-clean --move-to other legacy review
	assert_equal "$(ls review)" ''
}

@test "legacy: a folder of the root itself is refused" {
	batch M 1
	bi-render M >/dev/null
	run -2 bi-clean -y --delete legacy "$BI_ROOT/review/M"
	[ -e "$BI_ROOT/review/M/index.html" ]
}

@test "options belong to their verbs" {
	mkdir -p "$BI_ROOT"
	run -2 bi-clean --repair temp
	assert_output --partial -- '--repair is not an option of temp'
	run -2 bi-clean --older-than 30d batch M
	run -2 bi-clean batch
	run -2 bi-clean batch ../M
	run -2 bi-clean --move-to ../x legacy .
}

# full_disk: mounts an ext4 of 16 MB at m, with the root in it, and makes what fills it: `fill`.
full_disk() {
	[ "$(id -u)" = 0 ] || skip 'only root may mount a file system'
	truncate -s 16M image
	mkfs.ext4 -q -F image
	mkdir -p m
	mount -o loop image m 2>/dev/null || skip 'no file system can be mounted here'
	export BI_ROOT=$PWD/m/root
}

# fill: no block is left, not of those for root either.
fill() {
	local size

	# What was freed is there after a commit.
	for size in 64k 1k 1k; do
		sync -f m
		dd if=/dev/zero bs=$size oflag=append conv=notrunc of=m/fill 2>/dev/null || :
	done
	run ! mkdir m/one-more
}

teardown() {
	! mountpoint -q "$BATS_TEST_TMPDIR/m" || umount "$BATS_TEST_TMPDIR/m"
	bi_teardown
}

@test "batch, old, temp: room can be made on a full disk" {
	full_disk
	batch M 3
	bi-render M >/dev/null
	batch N 3
	batch O 3
	fill
	run -0 bi-clean -y batch M
	[ ! -e "$BI_ROOT/batches/M" ] && [ ! -e "$BI_ROOT/review/M" ]
	# A root that nothing was prepared in, as an older version made it.
	rm -rf "$BI_ROOT/trash" "$BI_ROOT/.trash"
	fill
	run -0 bi-clean -y batch N
	rm -rf "$BI_ROOT/trash" "$BI_ROOT/.trash"
	fill
	run -0 bi-clean -y --older-than 0s old
	assert_equal "$(ls -A "$BI_ROOT/batches" "$BI_ROOT/review")" "$(printf '%s:\n\n%s:' "$BI_ROOT/batches" "$BI_ROOT/review")"
	: >"$BI_ROOT/temp/left.1.part" || :
	fill
	run -0 bi-clean temp
	umount m
}

@test "batch: no room in trash/, whatever the reason: removed all the same, also after a kill" {
	local error way i=0

	for error in ENOSPC EDQUOT; do
		for way in mkdirat renameat; do
			batch M 2
			run -0 strace -f -qq -o trace -e "trace=$way" -P "$BI_ROOT/trash" -P trash -e "inject=$way:error=$error:when=1" \
				bi-clean -y batch M
			[ ! -e "$BI_ROOT/batches/M" ]
			assert_equal "$(ls -A "$BI_ROOT/batches" "$BI_ROOT/.trash")" "$(printf '%s:\n\n%s:' "$BI_ROOT/.trash" "$BI_ROOT/batches")"
		done
	done
	# Killed while it empties the spare directory, or the hidden one: the next deletes what is left, and nobody takes it
	# for a batch meanwhile.
	for way in spare hidden; do
		batch M 5
		rm -rf "$BI_ROOT/trash" "$BI_ROOT/.trash"
		[ $way = hidden ] || mkdir "$BI_ROOT/.trash"
		run strace -f -qq -o trace -e trace=mkdirat,unlinkat -e inject=mkdirat:error=ENOSPC -e inject=unlinkat:signal=KILL:when=9 \
			bi-clean -y batch M
		assert_equal "$status" 137
		[ -n "$(find "$BI_ROOT/.trash" "$BI_ROOT"/batches/.trash-* -name state 2>/dev/null)" ]
		run -0 bi-status
		refute_output --partial trash
		run -0 bi-clean check
		run -0 bi-clean temp
		[ -z "$(find "$BI_ROOT/.trash" "$BI_ROOT"/batches -mindepth 1)" ]
	done
}

@test "batch --archive: a file that would be removed with the batch is refused, by any path" {
	local place

	batch M 2
	run -0 bi-render M
	mkdir -p "$BI_ROOT/temp" "$BI_ROOT/trash"
	ln -s "$BI_ROOT/batches/M" link
	for place in "$BI_ROOT"/{batches/M,batches/M/files,batches,review/M,temp,trash} link; do
		run -2 bi-clean -y --archive "$place/x.tar" batch M
		assert_output --partial "x.tar is in the directory "
		[ ! -e "$place/x.tar" ]
	done
	(cd "$BI_ROOT/batches/M/files" && run -2 bi-clean -y --archive x.tar batch M)
	[ -e "$BI_ROOT/batches/M/files/a_2.txt" ]
	# Nothing is removed in the root directory itself.
	run -0 bi-clean -y --archive "$BI_ROOT/x.tar" batch M
	run -0 bi-collect --verify "$BI_ROOT/x.tar"
}

@test "batch --archive: what the archive would not have keeps the batch" {
	local name

	batch M 2
	# A directory that was moved to another disk, a file, and what is not a file.
	mv "$BI_ROOT/batches/M/files" elsewhere
	ln -s "$PWD/elsewhere" "$BI_ROOT/batches/M/files"
	run -73 bi-clean -y --archive M.tar batch M
	assert_output --partial 'nothing is removed; files is a symbolic link: '
	rm "$BI_ROOT/batches/M/files"
	mv elsewhere "$BI_ROOT/batches/M/files"
	mv "$BI_ROOT/batches/M/files/a_2.txt" .
	ln -s "$PWD/a_2.txt" "$BI_ROOT/batches/M/files/a_2.txt"
	run -73 bi-clean -y --archive M.tar batch M
	assert_output --partial 'files/a_2.txt is a symbolic link: '
	mv a_2.txt "$BI_ROOT/batches/M/files/a_2.txt"
	mkdir "$BI_ROOT/batches/M/orphans"
	mkfifo "$BI_ROOT/batches/M/orphans/fifo"
	run -73 bi-clean -y --archive M.tar batch M
	assert_output --partial 'orphans/fifo is a special file: '
	rm "$BI_ROOT/batches/M/orphans/fifo"
	# Names that no list of members can have.
	for name in $'new\nline' $'tab\t' $'not\xffutf8'; do
		echo x >"$BI_ROOT/batches/M/orphans/$name"
		run -73 bi-clean -y --archive M.zip batch M
		assert_output --partial 'is not plain text: rename the file'
		rm "$BI_ROOT/batches/M/orphans/$name"
	done
	[ ! -e M.tar ] && [ ! -e M.zip ] && [ -e "$BI_ROOT/batches/M/results.ndjson" ]
}

@test "batch --archive: orphans are in it under any name that is text" {
	local kind

	for kind in tar zip; do
		batch M 1
		mkdir "$BI_ROOT/batches/M/orphans"
		for name in mine.index lock secrets 'back\slash' $'\u00e9' -x; do
			echo "$name" >"$BI_ROOT/batches/M/orphans/$name"
		done
		LC_ALL=C run -0 bi-clean -y --archive "M.$kind" batch M
		run -0 bi-collect --verify "M.$kind"
		for name in mine.index lock secrets $'\u00e9' -x; do
			grep -aqF "M/orphans/$name" "M.$kind"
		done
		run -1 grep -aF -e M/lock -e M/results.index "M.$kind"
	done
}

@test "batch --archive: an archive that was there already is on the disk before the batch is removed" {
	need_strace
	batch M 1
	run -74 strace -f -qq -o trace -e trace=renameat -e inject=renameat:error=EIO bi-clean -y --archive M.tar batch M
	run -73 strace -f -qq -o trace -e trace=fsync -e inject=fsync:error=EIO bi-clean -y --archive M.tar batch M
	[ -e "$BI_ROOT/batches/M/results.ndjson" ]
	run -0 bi-clean -y --archive M.tar batch M
}

@test "batch --archive: interrupted, the same command goes on; what could not be deleted is said as it is" {
	batch M 3
	# The archive is written, and what removes the batch fails.
	run -74 strace -f -qq -o trace -e trace=renameat -e inject=renameat:error=EIO bi-clean -y --archive M.tar batch M
	assert_output --partial "it is still there: correct that and run the same command again"
	[ -e M.tar ]
	cp M.tar first.tar
	run -0 bi-clean -y --archive M.tar batch M
	[ ! -e "$BI_ROOT/batches/M" ]
	cmp M.tar first.tar
	# One that is of another state is not taken for it.
	batch M 3
	run -74 strace -f -qq -o trace -e trace=renameat -e inject=renameat:error=EIO bi-clean -y --archive N.tar batch M
	batch M 4
	run -73 bi-clean -y --archive N.tar batch M
	assert_output --partial 'does not hold the batch'
	[ -e "$BI_ROOT/batches/M" ]
	# Renamed, but not deleted.
	run -74 strace -f -qq -o trace -e trace=unlinkat -e inject=unlinkat:error=EIO:when=5 bi-clean -y batch M
	assert_output --partial "is removed, but not all its files could be deleted: Input/output error; correct that, and \`bi-clean temp\` deletes the rest"
	run -0 bi-clean temp
	assert_equal "$(ls -A "$BI_ROOT/trash")" ''
}

@test "old: what cannot be looked at is left alone, and said" {
	batch M 2
	run -77 strace -f -qq -o trace -e trace=openat -P state -P "$BI_ROOT/batches/M/state" -e inject=openat:error=EACCES \
		bi-clean -y --older-than 0s old
	assert_output --partial "cannot tell how old the batch 'M' is: it is left alone"
	[ -e "$BI_ROOT/batches/M/state" ]
}

@test "batch --archive: a sync that fails after the batch was moved is said, and is no full disk" {
	local error

	need_plain_strace
	for error in ENOSPC EIO; do
		batch M 2
		rm -f M.tar
		code=0
		strace -f -o trace -P "$BI_ROOT/batches" -e trace=fsync -e "inject=fsync:error=$error" \
			bi-clean -y --archive M.tar batch M >out 2>err || code=$?
		grep -q INJECTED trace
		assert_equal "$code" 74
		run cat err
		assert_output --partial "the batch 'M' is removed, but not all its files could be deleted"
		assert_output --partial "\`bi-clean temp\` deletes the rest"
		[ ! -e "$BI_ROOT/batches/M" ] && [ "$(ls "$BI_ROOT/trash")" ]
		run -0 bi-collect --verify M.tar
		run -0 bi-clean temp
		assert_equal "$(ls "$BI_ROOT/trash")" ''
	done
}

@test "batch --archive: a file that is gone keeps the batch, until its loss is recorded" {
	local put

	for put in M.tar M.zip; do
		batch M 3
		rm "$BI_ROOT/batches/M/files/a_2.txt"
		for option in -y -ny; do
			run -1 --separate-stderr bi-clean "$option" --archive "$put" batch M
			assert_equal "$output" ''
			assert_regex "$stderr" "^bi-clean: 1 completed item of the batch 'M' has lost its file; the first is item 2: nothing is removed; .bi-status --rebuild M. "
			[ -e "$BI_ROOT/batches/M/files/a_1.txt" ] && [ ! -e "$put" ]
		done
		rm "$BI_ROOT/batches/M/files/a_3.txt"
		run -1 bi-clean -y --archive "$put" batch M
		assert_output --partial "2 completed items of the batch 'M' have lost their files; the first is item 2:"
		run -0 bi-status --rebuild M
		run -0 bi-clean -y --archive "$put" batch M
		run -0 bi-collect --verify "$put"
		[ ! -e "$BI_ROOT/batches/M" ]
	done
	tar -xOf M.tar M/results.ndjson | jq -c '[.item,.error.code]' | grep -x '\[2,"file_lost"\]'
	# Without an archive nothing is kept in any case.
	batch M 2
	rm "$BI_ROOT/batches/M/files/a_2.txt"
	run -0 bi-clean -y batch M
}
