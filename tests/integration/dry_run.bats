#!/usr/bin/env bats
# bi-fetch --dry-run: what would be asked of which host. Nothing is written, and nothing is requested.
# shellcheck disable=SC2154,SC2016 # run --separate-stderr sets stderr; scripts for bash -c
load helpers

# planned: "BATCH HOST TO_FETCH COMPLETED FAILED CANNOT" of each row in $output, sorted.
planned() {
	jq -r 'select(.host) | "\(.batch) \(.host) \(.to_fetch) \(.completed) \(.failed) \(.cannot)"' <<<"$output" | sort
}

# of_root: every file of the root with its bytes and time, to see that nothing was written.
of_root() {
	find "$BI_ROOT" -printf '%P %s %T@ %i\n' | sort
	find "$BI_ROOT" -type f -exec sha256sum {} + | sort
}

@test "without a root: the items of each host are counted, and no root is made" {
	echo file >file
	printf '%s\n' http://127.0.0.1:1/{1..3} http://127.0.0.1:2/1 http://127.0.0.1:1/1 ' http://127.0.0.1:1/2 ' '# no' file none \
		ftp://127.0.0.1/x '{"title":"nothing"}' '{"batch":"other","url":"http://127.0.0.1:1/1","bytes":70}' >in
	run -1 --separate-stderr bi-fetch --dry-run -b t <in
	assert_equal "$(planned)" 't 127.0.0.1:1 3 0 0 0
t 127.0.0.1:2 1 0 0 0
t files 1 0 0 1
t other 0 0 0 2'
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","to_fetch":5,"completed":0,"failed":0,"cannot":3,"exit":1}'
	assert_equal "$(jq -r 'select(.cannot and .error).error.code' <<<"$output" | sort | xargs)" 'bad_url no_such_file no_url'
	assert_equal "$(jq -c 'select(.host == "files").known_bytes' <<<"$output")" 5
	[ ! -e "$BI_ROOT" ]
	# Records choose their batch.
	run -1 --separate-stderr bi-fetch --dry-run <in
	assert_equal "$(planned | tail -n 1)" 'other 127.0.0.1:1 1 0 0 0'
	assert_equal "$(jq -c 'select(.batch == "other" and .host).known_bytes' <<<"$output")" 70
	run -66 bi-fetch --dry-run --resume -b t
	[ ! -e "$BI_ROOT" ]
}

@test "what is completed, failed for good, and to be tried again is told apart, and the root stays as it is" {
	local before

	faulty_start
	printf '%s\n' "$FAULTY"/bytes/5/{1..3} "$FAULTY/status/404/a" "$FAULTY/status/503/b" "http://me:hush@${FAULTY#*//}/bytes/5/4" >in
	run -1 bi-fetch --tries 1 -b t <in
	before=$(of_root)
	log=$(cat "${ORIGIN_LOGS[0]}")
	echo "$FAULTY/bytes/5/new" >>in
	run -0 --separate-stderr bi-fetch --dry-run -b t <in
	assert_equal "$(planned)" "t ${FAULTY#*//} 2 4 1 0"
	run -0 --separate-stderr bi-fetch --dry-run --retry status=404 -b t <in
	assert_equal "$(planned)" "t ${FAULTY#*//} 3 4 0 0"
	run -0 --separate-stderr bi-fetch --dry-run --resume -b t
	assert_equal "$(planned)" "t ${FAULTY#*//} 1 4 1 0"
	run -0 --separate-stderr bi-fetch --dry-run --queue -b t --input in
	run -0 --separate-stderr bi-fetch --dry-run -b new --input in
	assert_equal "$(planned)" "new ${FAULTY#*//} 7 0 0 0"
	assert_equal "$(of_root)" "$before"
	assert_equal "$(cat "${ORIGIN_LOGS[0]}")" "$log"
	refute_regex "$output$stderr" hush
	# A batch that a worker holds may be looked at.
	mkfifo hold.in
	start "$BI_BUILD/tests/hold" t 5 <>hold.in >hold.out
	poll 10 grep -q held hold.out
	run -0 --separate-stderr timeout 20 bi-fetch --dry-run -b t <in
	assert_equal "$(planned)" "t ${FAULTY#*//} 2 4 1 0"
	stop "$!"
	# The run does what was said: two requests more.
	run -1 bi-fetch --tries 1 -b t <in
	assert_equal "$(wc -l <"${ORIGIN_LOGS[0]}")" $(($(wc -l <<<"$log") + 2))
}

@test "hosts that ask for a contact, and files with --public-only, cannot be asked for" {
	echo x >file
	printf '%s\n' https://commons.wikimedia.org/a "$PWD/file" >in
	run -1 --separate-stderr env -u BI_CONTACT bi-fetch --dry-run -b t <in
	assert_equal "$(jq -r 'select(.cannot and .error).error.code' <<<"$output")" host_given_up
	run -0 --separate-stderr bi-fetch --dry-run -b t --contact me@example.org <in
	run -1 --separate-stderr bi-fetch --dry-run -b t --contact me@example.org --public-only <in
	assert_equal "$(jq -r 'select(.cannot and .error).error.code' <<<"$output")" blocked_address
	run -2 --separate-stderr bi-fetch --dry-run --work
	[ ! -e "$BI_ROOT" ]
}

@test "a person gets a table; sitemaps and tables are read as they are for a run" {
	printf 'url,title\nhttp://127.0.0.1:1/1,a\nhttp://127.0.0.1:2/1,b\nftp://x/,c\n' >a.csv
	printf '<urlset><url><loc>http://127.0.0.1:1/2</loc></url></urlset>' >map.xml
	run on_terminal bi-fetch --dry-run -b t --input a.csv
	assert_output --regexp 'to fetch +completed +failed'
	assert_output --regexp ' 1 +0 +0 +0  t +127.0.0.1:2'
	assert_output --partial "cannot be fetched: 'ftp://x/' is not a URL"
	assert_output --partial 'nothing was requested or stored'
	run -0 --separate-stderr bi-fetch --dry-run -b t --list-format sitemap --input map.xml
	assert_equal "$(planned)" 't 127.0.0.1:1 1 0 0 0'
	run -0 --separate-stderr bi-fetch --dry-run -b t --list-format sitemap <map.xml
	assert_equal "$(planned)" 't 127.0.0.1:1 1 0 0 0'
	[ ! -e "$BI_ROOT" ]
}

@test "a damaged batch is said, and not taken for an empty one" {
	need_refusals
	run -1 bi-fetch --tries 1 -b t http://127.0.0.1:1/1
	chmod 0 "$BI_ROOT/batches/t/items.ndjson"
	run --separate-stderr "${AS[@]}" bi-fetch --dry-run -b t http://127.0.0.1:1/1
	[ "$status" -ge 70 ]
	assert_regex "$stderr" "cannot open the batch 't'"
	assert_output ''
}
