#!/usr/bin/env bats
# What strangers write (names, titles, URLs, replies, names of files and members) does not steer the terminal, whichever
# program shows it: the bytes that a terminal gets are looked at. Records stay as they are.
load helpers

# The same characters as JSON, for a shell, and as bytes: an OSC with its BEL, a C1 in UTF-8, overrides, isolates, marks.
JSON='\u001b]0;owned\u0007\u009b31m\u202egnp\u2066\u200f\u061c\n\u2028'
BYTES=$'\e]0;owned\a\u009b31m\u202egnp\u2066\u200f\u061c\u2028\x9b31m'
VALID=${BYTES%$'\x9b'31m}

setup() {
	bi_setup
	export NO_COLOR=1
}

# shows CODE COMMAND...: runs it on a terminal. It says "owned"; what it prints is looked at after the test.
shows() {
	run "-$1" on_terminal "${@:2}" </dev/null
	printf '%s\n' "$output" >>"$BATS_TEST_TMPDIR/shown"
	[[ "$output" == *owned* ]]
}

# No byte of all this is more than text to a terminal. What msg.h clears its line with is not counted.
teardown() {
	perl -MEncode -0777 -ne '
		s/\r\e\[K//g;
		my $text = eval { decode("UTF-8", $_, Encode::FB_CROAK) } // die "not UTF-8\n";
		die sprintf("U+%04X is shown: %s\n", ord $1, $text) if $text =~
			/([\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}])/;
	' "$BATS_TEST_TMPDIR/shown" >&2 || : >"$BATS_TEST_TMPDIR/steered"
	bi_teardown
	[ ! -e "$BATS_TEST_TMPDIR/steered" ]
}

# hostile_batch NAME: a batch of which one item failed, with names that steer.
hostile_batch() {
	printf '%s\n' "{\"subject\":{\"id\":1,\"name\":\"$JSON\"},\"title\":\"$JSON\",\"file\":\"$PWD/$JSON.txt\"}" \
		"{\"subject\":{\"id\":2,\"name\":\"$JSON\"},\"title\":\"$JSON\",\"file\":\"$PWD/good.txt\",\"license\":\"CC0\"}" >items
	echo text >good.txt
	run -1 bi-fetch -q -b "$1" <items
}

@test 'bi-source: names of subjects, categories and sources cannot steer a terminal' {
	printf '%s\n' "{\"id\":1,\"name\":\"$JSON\",\"category\":\"M\"}" "{\"id\":1,\"name\":\"$JSON\"}" >list
	shows 1 bi-source --contact test@example.org --set api=http://127.0.0.1:9/ --set tries=1 --set slow=0 \
		--set title="$BYTES" --file list
	shows 66 bi-source --contact test@example.org --file "none$BYTES"
}

@test 'bi-fetch: names of files, URLs, replies of hosts and filters cannot steer a terminal' {
	faulty_start
	printf '%s\n' "{\"file\":\"$PWD/$JSON.txt\"}" >items
	shows 1 sh -c 'bi-fetch -b a <items'
	shows 1 bi-fetch -b b "ftp://$BYTES/"
	shows 1 bi-fetch -b c "$FAULTY/header/Location%3A%20ftp%3A%2F%2F%1b%5D0;owned%07%C2%9B/status/302/x"
	printf '%s\n' "{\"bad" "{\"url\":\"http://127.0.0.1:9/$JSON\"}" >items
	shows 1 sh -c 'bi-fetch -b d --tries 1 <items'
	shows 2 bi-fetch -b "$BYTES" x
	shows 2 bi-fetch "--$BYTES"
	# The records of the same are JSON, with all that was there.
	printf '%s\n' "{\"file\":\"$PWD/$JSON.txt\"}" >items
	run -1 bi-fetch -q -b a --retry failed <items
	assert_equal "$(jq -r 'select(.item).file' <<<"$output" | head -c 200 | od -c)" "$(jq -r .file items | head -c 200 | od -c)"
}

@test 'bi-parse: the text of a document and its name cannot steer a terminal' {
	printf 'one\ttab\ntwo \u009b31m\u202eowned\n' >plain.txt
	shows 0 bi-parse plain.txt
	[[ "$output" == *$'one\ttab'* ]]
	shows 1 bi-parse "none$VALID"
	# In a file it stays as it was found.
	bi-parse --text plain.txt >text
	grep -q $'\u202eowned' text
}

@test 'bi-render, bi-status, bi-clean: names in batches cannot steer a terminal' {
	hostile_batch h
	shows 0 bi-status --items h
	shows 2 bi-status "none$BYTES"
	shows 66 bi-render -r "$BATS_TEST_TMPDIR/none$BYTES" h
	: >"$BI_ROOT/batches/h/files/$BYTES"
	shows 1 bi-clean check
	: >"$BI_ROOT/temp/$BYTES"
	shows 0 bi-clean -n temp
	mkdir "$BI_ROOT/temp/d$BYTES"
	shows 0 bi-clean temp
	rmdir "$BI_ROOT/temp/d$BYTES"
	mkdir "old$BYTES"
	: >"old$BYTES/index.html"
	shows 0 bi-clean legacy "old$BYTES"
	rm "$BI_ROOT/batches/h/files/$BYTES" # no archive may have such a name in it
	shows 0 bi-clean -y --archive "$BYTES.zip" batch h
}

@test 'bi-collect: names of subjects, of exports and of what is in them cannot steer a terminal' {
	hostile_batch h
	shows 66 bi-collect -r "none$BYTES" h
	echo other >other.txt
	echo "{\"subject\":{\"id\":2,\"name\":\"other\"},\"file\":\"$PWD/other.txt\"}" | bi-fetch -q -b other
	run -0 bi-collect -a h
	shows 4 bi-collect -a other

	mkdir "$BYTES"
	shows 0 bi-collect -a -o "$BYTES/x.zip" h
	shows 0 bi-collect --verify "$BYTES/x.zip"
	printf x >>"$BYTES/x.zip"
	shows 1 bi-collect --verify "$BYTES/x.zip"
}

@test 'bi-expand, bi-type, bi-thumb, bi-media: names of files and members cannot steer a terminal' {
	mkdir d
	echo text >"d/$BYTES"
	tar -cf "$VALID.tar" d
	shows 0 bi-expand "$VALID.tar"
	shows 1 bi-expand "none$BYTES"
	shows 0 bi-type "$VALID.tar"
	shows 66 bi-thumb "none$BYTES" out.jpg
	shows 1 bi-media "none$BYTES"
}
