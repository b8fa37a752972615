#!/usr/bin/env bats
# Options that come after an item was completed, --recheck, and local files that have changed since.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

setup() {
	bi_setup
	pictures M
	set -- origin/*.jpg
	cp "$1" a.jpg
	printf 'some text\n' >b.txt
	printf '%%PDF-1.4\n%%%%EOF\n' >c.pdf
}

fetch() {
	bi-fetch -q -b t "$@"
}

# mismatches: of the records in $output, what does not match.
mismatches() {
	jq -r 'select(.item) | "\(.item) \(.status) \(.mismatch.code // "fits")"' <<<"$output" | sort
}

@test "a completed item of another type than --accept names is named, and stays" {
	fetch a.jpg b.txt c.pdf >/dev/null
	run -1 --separate-stderr bi-fetch -b t --accept 'image/*' a.jpg b.txt c.pdf
	assert_equal "$(mismatches)" $'1 completed fits\n2 completed not_accepted\n3 completed not_accepted'
	assert_equal "$(jq -c 'select(.end) | [.completed, .failed, .exit]' <<<"$output")" '[1,2,1]'
	[[ $stderr == *'2 of 3 failed: not_accepted 2'*'2 of these were completed by an earlier run with other options: --recheck fails them'* ]]
	[[ $stderr != *'--retry'* ]]
	assert_equal "$(find "$BI_ROOT/batches/t/files" -type f | wc -l)" 3
	# Each of several types, and all of them.
	run -1 fetch --resume --accept 'image/*,text/plain'
	assert_equal "$(mismatches)" $'1 completed fits\n2 completed fits\n3 completed not_accepted'
	run -0 fetch --resume --accept 'image/*,text/*,application/pdf'
	run -0 fetch --resume
}

@test "a completed item that is larger than --max-filesize is named, to the byte" {
	fetch a.jpg b.txt >/dev/null
	run -1 fetch --resume --max-filesize 9
	assert_equal "$(mismatches)" $'1 completed too_large\n2 completed too_large'
	run -1 fetch --resume --max-filesize 10
	assert_equal "$(mismatches)" $'1 completed too_large\n2 completed fits'
	run -0 fetch --resume --max-filesize "$(stat -c %s a.jpg)"
}

@test "--public-only names local files and private addresses, and no names of hosts" {
	faulty_start
	fetch b.txt "$FAULTY/bytes/9/x.bin" "${FAULTY/127.0.0.1/localhost}/bytes/9/y.bin" "$FAULTY/redirect/1/bytes/9/z.bin" >/dev/null
	run -1 fetch --resume --public-only
	assert_equal "$(mismatches)" $'1 completed blocked_address\n2 completed blocked_address\n3 completed blocked_address\n4 completed blocked_address'
	# An item by the name of a host, or of a host that may have any address, fits.
	sed -i 's/127.0.0.1:[0-9]*/files.example/g' "$BI_ROOT/batches/t/results.ndjson"
	run -1 fetch --resume --public-only
	assert_equal "$(mismatches | grep -c fits)" 2
	echo 'localhost private=allow' >hosts.conf
	BI_HOSTS_CONF=$PWD/hosts.conf run -1 fetch --resume --public-only
	assert_equal "$(mismatches | grep -c fits)" 3
}

@test "--recheck fails what does not fit, removes its file, and nothing else" {
	fetch a.jpg b.txt c.pdf >/dev/null
	cp b.txt same.txt
	fetch same.txt >/dev/null
	run -1 fetch --resume --recheck --accept 'image/*'
	assert_equal "$(jq -r 'select(.item) | "\(.item) \(.status) \(.error.code)"' <<<"$output" | sort)" \
		$'1 completed null\n2 failed not_accepted\n3 failed not_accepted\n4 failed not_accepted'
	assert_equal "$(ls "$BI_ROOT/batches/t/files")" i1_1.jpg
	bi-clean check t
	assert_equal "$(tr -d '\0' <"$BI_ROOT/batches/t/state")" cfff
	# They have failed for good, and can be tried again.
	run -1 fetch --resume
	run -0 fetch --resume --retry failed
	bi-clean check t
	run -1 fetch --resume --recheck --max-filesize 10
	assert_equal "$(jq -r 'select(.item and .error) | "\(.item) \(.error.code)"' <<<"$output" | sort)" $'1 too_large\n3 too_large'
	run -1 fetch --resume --recheck --public-only
	assert_equal "$(jq -r 'select(.error.code == "blocked_address") | .item' <<<"$output" | sort | xargs)" '2 4'
	assert_equal "$(ls "$BI_ROOT/batches/t/files")" ''
	bi-clean check t
}

@test "of items with the same bytes, --recheck leaves the file of the one that fits" {
	fetch b.txt >/dev/null
	cp b.txt d.txt
	fetch d.txt >/dev/null
	run -1 fetch --recheck --accept 'image/*' b.txt
	assert_equal "$(ls "$BI_ROOT/batches/t/files")" i2_1.txt
	cmp "$BI_ROOT/batches/t/files/i2_1.txt" b.txt
	bi-clean check t
}

@test "pages and archives are not what --accept is about" {
	printf '<html><body><img src="a.jpg"></body></html>' >origin/p.html
	cp a.jpg origin/
	tar cf x.tar a.jpg b.txt
	origin_start
	printf '{"media":"%s"}\n' "$ORIGIN/p.html" >list
	fetch <list >/dev/null
	fetch --expand x.tar >/dev/null
	run -1 fetch --resume --expand --accept 'image/*'
	assert_equal "$(jq -r 'select(.mismatch) | .member' <<<"$output")" b.txt
}

@test "--update and --recheck together: asked again first, and what is unchanged is held against the options" {
	fetch a.jpg b.txt >/dev/null
	run -1 fetch --update --recheck --accept 'image/*' --resume
	assert_equal "$(jq -r 'select(.item) | "\(.item) \(.status) \(.update) \(.error.code)"' <<<"$output" | sort)" \
		$'1 completed unchanged null\n2 failed null not_accepted'
	bi-clean check t
}

@test "a local file that has changed since is noticed: by size, by time, and not where it is gone" {
	fetch a.jpg b.txt c.pdf >/dev/null
	printf 'more text\n' >>b.txt
	touch -d '2020-01-01' c.pdf
	run -0 --separate-stderr fetch a.jpg b.txt c.pdf
	assert_equal "$(jq -r 'select(.item) | "\(.item) \(.changed)"' <<<"$output" | sort)" $'1 null\n2 true\n3 true'
	[[ $stderr == *"b.txt' has changed since it was copied: --update copies such files again"* ]]
	assert_equal "$(grep -c 'has changed' <<<"$stderr")" 1
	rm b.txt c.pdf
	run -0 --separate-stderr fetch --resume
	assert_equal "$(jq -r 'select(.item) | .changed' <<<"$output" | sort -u)" null
	assert_equal "$stderr" ''
}

@test "killed between the result and the removal of a file, --recheck leaves it to the next run" {
	need_strace
	fetch b.txt >/dev/null
	run -137 strace -f -o trace -e inject=unlinkat:signal=KILL:when=1 -e trace=unlinkat bi-fetch -q -b t --resume --recheck --accept 'image/*'
	assert_equal "$(ls "$BI_ROOT/batches/t/files")" i1_1.txt
	assert_equal "$(tail -n 1 "$BI_ROOT/batches/t/results.ndjson" | jq -r .status)" failed
	run -1 fetch --resume
	assert_equal "$(ls "$BI_ROOT/batches/t/files")" ''
	bi-clean check t
}
