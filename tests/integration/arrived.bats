#!/usr/bin/env bats
# What arrived is what was asked for, or it is not kept.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# code_of NAME: the error code of the item whose URL or file ends in /NAME, "completed" for one that is.
code_of() {
	jq -r --arg tail "/$1" 'select((.url // .file // "") | endswith($tail)) | .error.code // .status' out
}

# kept: the files of the batch.
kept() {
	(cd "$BI_ROOT/batches/default/files" && find . -type f -printf '%f\n' | sort | tr '\n' ' ')
}

@test 'a page in place of a picture and an empty answer are not kept, and asked for again; a wrong extension is corrected' {
	pictures M
	cp origin/M-1-1.jpg origin/under.png
	echo '<!doctype html><html><body>please log in</body></html>' >origin/page.jpg
	echo '{"error": "too many requests"}' >origin/json.webp
	: >origin/empty.jpg
	echo '<!doctype html><html><body>a page</body></html>' >origin/page.html
	origin_start
	run -1 bi-fetch -q --tries 2 --backoff 0.02 "$ORIGIN"/{under.png,page.jpg,json.webp,empty.jpg,page.html}
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(code_of under.png)" completed
	assert_equal "$(code_of page.jpg) $(code_of json.webp)" 'page_instead page_instead'
	assert_equal "$(code_of empty.jpg)" empty
	assert_equal "$(code_of page.html)" completed
	assert_equal "$(kept)" 'i1_1.jpg i5_1.html '
	assert_equal "$(find "$BI_ROOT/temp" -type f)" ''
	assert_equal "$(jq -r 'select(.attempts == 2).url | sub(".*/"; "")' out | sort | xargs)" 'json.webp page.jpg'
	# A page may be gone tomorrow: it is asked for again, without a word.
	cp origin/M-1-1.jpg origin/page.jpg
	run -0 bi-fetch -q "$ORIGIN/page.jpg"
}

@test "--accept takes what it names by the bytes" {
	pictures M
	printf '%%PDF-1.4\nnot more\n%%%%EOF\n' >origin/paper
	origin_start
	run -1 bi-fetch -q --accept 'image/*' "$ORIGIN"/{M-1-1.jpg,M-2-2.png,paper}
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(code_of M-1-1.jpg) $(code_of M-2-2.png) $(code_of paper)" 'completed completed not_accepted'
	run -0 bi-fetch -q --retry failed --accept 'image/*,application/pdf' "$ORIGIN/paper"
	run -2 bi-fetch --accept 'pictures' "$ORIGIN/paper"
	assert_line -p accept
}

@test 'a file that does not have the digest or size that its item names is not kept' {
	local sha256 sha1

	echo 'some bytes' >some
	sha256=$(sha256sum some | cut -c 1-64)
	sha1=$(sha1sum some | cut -c 1-40)
	{
		echo "{\"subject\":1,\"file\":\"some\",\"sha256\":\"${sha256^^}\",\"sha1\":\"$sha1\",\"bytes\":11}"
		echo "{\"subject\":2,\"file\":\"some\",\"sha256\":\"${sha256/?/x}\"}"
		echo "{\"subject\":3,\"file\":\"some\",\"sha1\":\"${sha1/?/x}\"}"
		echo "{\"subject\":4,\"file\":\"some\",\"bytes\":12}"
	} >in
	run -1 bi-fetch -q <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(jq -r 'select(.subject) | "\(.subject) \(.error.code // .status)"' out | sort)" \
		"$(printf '%s\n' '1 completed' '2 hash_mismatch' '3 hash_mismatch' '4 size_mismatch')"
	assert_equal "$(kept)" '1_1.txt '
}

@test "the same bytes twice are stored once, by one process and by several, and after the index is lost" {
	local files=$BI_ROOT/batches/default/files i

	for i in {1..300}; do
		echo "bytes $((i % 100))" >"file-$i"
	done
	printf '%s\n' file-{1..150} | bi-fetch -q >first
	rm "$BI_ROOT/batches/default/contents.index"
	printf '%s\n' file-{1..300} | bi-fetch -q >second
	assert_equal "$(find "$files" -type f | wc -l)" 300
	assert_equal "$(find "$files" -type f -printf '%i\n' | sort -u | wc -l)" 100
	for i in 7 107 207; do
		cmp "file-$i" "$files/i${i}_1.txt"
	done
	assert_equal "$(jq -r 'select(.file // "" | endswith("/file-207")) | .same_as % 100' second)" 7
	# Another batch has its own.
	bi-fetch -q -b other file-1 >third
	assert_equal "$(find "$BI_ROOT/batches/other/files" -type f -links 1 | wc -l)" 1
}
