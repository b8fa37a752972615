#!/usr/bin/env bats
# bi-clean pack: a batch becomes an archive that has all of it, and stays as it was.
load helpers
load archived

teardown() {
	! mountpoint -q "$BATS_TEST_TMPDIR/m" || umount "$BATS_TEST_TMPDIR/m"
	bi_teardown
}

@test "a pack has all of the batch, verifies, and nothing of the root is changed" {
	batch M 3
	printf '{"subject":"a","choice":2,"reviewer":"ada"}\n' >"$BI_ROOT/batches/M/picks.ndjson"
	everything >before
	run -0 bi-clean -n pack M
	assert_output --regexp '^would pack batch M: 3 items, [0-9]+ files, [0-9]+ bytes, in M.tar.zst$'
	[ ! -e M.tar.zst ]
	run -0 bi-clean pack M
	assert_output --regexp '^packed batch M: 3 items, 8 files, [0-9]+ bytes, in M.tar.zst$'
	everything | diff before -
	run -0 bi-collect --verify M.tar.zst
	mkdir out
	tar --zstd -xf M.tar.zst -C out
	for file in batch.json items.ndjson results.ndjson state picks.ndjson files/a_1.txt files/a_3.txt; do
		cmp "out/M/$file" "$BI_ROOT/batches/M/$file"
	done
	assert_equal "$(find . -maxdepth 1 -name '*part*')" ''
}

@test "the same batch gives the same bytes, and an archive of another state is never written over" {
	batch M 2
	run -0 bi-clean --json pack M
	assert_equal "$(head -n 1 <<<"$output" | jq -r '[.packed, .items, .archive, .sha256] | join(" ")')" \
		"M 2 M.tar.zst $(sha256sum <M.tar.zst | cut -d ' ' -f 1)"
	assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.packed, .failed]')" '[1,0]'
	cp -p M.tar.zst first
	run -0 bi-clean pack M
	assert_equal "$(stat -c %i M.tar.zst; cat M.tar.zst | sha256sum)" "$(stat -c %i M.tar.zst; sha256sum <first)"
	batch M 3
	run -73 bi-clean pack M
	assert_output --partial "M.tar.zst already exists, and it does not hold the batch 'M' as it is now: nothing is written; give another name"
	cmp M.tar.zst first
	run -0 bi-clean --archive M.zip pack M
	run -0 bi-collect --verify M.zip
	run -0 bi-clean -y --archive M.zip batch M
}

@test "several batches are packed, each by itself, and one that cannot be does not keep the others" {
	batch M 1
	batch N 1
	run -1 bi-clean --json pack M nosuch N
	assert_line --partial "there is no batch 'nosuch'"
	assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.packed, .failed]')" '[2,1]'
	run -0 bi-collect --verify M.tar.zst N.tar.zst
	run -2 bi-clean --archive both.tar pack M N
	run -2 bi-clean --archive M.docx pack M
	run -2 bi-clean -y pack M
	run -2 bi-clean --archive "$BI_ROOT/batches/M.tar" pack M
	run -66 bi-clean pack nosuch
}

@test "a batch that is worked on is left alone; one that is queued or shown is packed" {
	batch M 1
	batch Q 1
	mkfifo lines
	exec 5<>lines
	start bi-fetch -q -b M <lines 5>&- >/dev/null
	echo "$PWD/M.1" >&5
	poll 10 sh -c "bi-clean -n pack M 2>&1 | grep -q 'being worked on'"
	run -75 bi-clean pack M
	assert_output --partial 'wait (bi-status --wait M)'
	[ ! -e M.tar.zst ]
	exec 5>&-
	poll 10 bi-clean pack M
	echo http://127.0.0.1:9/later | bi-fetch -q --queue -b Q
	run -0 bi-clean pack Q
	assert_equal "$(tar --zstd -xOf Q.tar.zst Q/state)" cp
	bi-render M >/dev/null
	bi-serve -p 12000-18999 M >served
	run -0 bi-clean --archive shown.zip pack M
	run -0 bi-collect --verify shown.zip
}

@test "a file that is lost or that no archive can hold is named, and no archive is written" {
	batch M 2
	rm "$BI_ROOT/batches/M/files/a_2.txt"
	run -1 bi-clean pack M
	assert_output --partial "1 completed item of the batch 'M' has lost its file; the first is item 2: nothing is written;"
	echo x >x
	ln -s "$PWD/x" "$BI_ROOT/batches/M/files/a_2.txt"
	run -73 bi-clean pack M
	assert_output --partial 'nothing is written; files/a_2.txt is a symbolic link'
	[ ! -e M.tar.zst ]
}

@test "a full disk, a failed sync and a kill leave no archive, and the same command goes on" {
	need_plain_strace
	batch M 5
	for call in fsync linkat; do
		for error in ENOSPC EIO; do
			run -73 strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:error=$error:when=1" bi-clean pack M
			assert_output --partial "cannot keep the batch 'M' in M.tar.zst: nothing is written: "
			assert_equal "$(ls -A | grep -E 'zst|part' || :)" ''
		done
		strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=1" bi-clean pack M 2>/dev/null || :
		[ ! -e M.tar.zst ] || bi-collect --verify M.tar.zst
		rm -f M.tar.zst
	done
	run -0 bi-clean pack M
	run -0 bi-collect --verify M.tar.zst
}

@test "a small file system that is full: no archive is left, and what was there stays" {
	[ "$(id -u)" = 0 ] || skip 'only root may mount a file system'
	mkdir m
	mount -t tmpfs -o size=256k none m || skip 'no file system can be mounted here'
	batch M 1
	head -c 1M /dev/urandom >"$PWD/big"
	bi-fetch -q -b M "$PWD/big" >/dev/null
	echo mine >m/mine
	run -73 bi-clean --archive m/M.tar.zst pack M
	assert_output --partial "cannot keep the batch 'M' in m/M.tar.zst: nothing is written: No space left on device"
	assert_equal "$(ls -A m)" mine
	bi-clean check M
}

@test "a file that changes while it is packed is noticed" {
	need_plain_strace
	batch M 2
	printf '{"subject":"a","choice":2,"reviewer":"ada"}\n' >"$BI_ROOT/batches/M/picks.ndjson"
	watch=(strace -f -qq -e trace=fstat,newfstatat,pread64 -P "$BI_ROOT/batches/M/picks.ndjson")
	"${watch[@]}" -o once bi-clean --archive once.tar pack M
	before=$(sed '/pread64/,$d' once | grep -c stat)
	# It waits before it reads the decisions, whose size it has asked for by then.
	start "${watch[@]}" -o trace -e inject=pread64:delay_enter=5s:when=1 bi-clean pack M >out 2>&1
	pack=$!
	poll 20 sh -c "[ \"\$(grep -c stat trace)\" = $before ]"
	printf '{"subject":"a","choice":1,"reviewer":"bob"}\n' >>"$BI_ROOT/batches/M/picks.ndjson"
	poll 20 gone "$pack"
	assert_regex "$(cat out)" 'nothing is written; a file of it was changed meanwhile: run the same command again'
	[ ! -e M.tar.zst ]
	run -0 bi-clean pack M
}
