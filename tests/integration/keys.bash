# A batch that is large enough for keys.index, of LINES_N lines. Loaded after helpers by tests that set LINES_N.
# shellcheck shell=bash

setup_file() {
	export LIST=$BATS_FILE_TMPDIR/list

	seq -f 'http://127.0.0.1:9/a/list/with/somewhat/longer/names/of/pictures/%08.0f.jpg' "$LINES_N" >"$LIST"
}

batch() {
	printf %s "$BI_ROOT/batches/big"
}

add() {
	bi-fetch -q --queue --no-sync -b big "$@" >/dev/null
}

# whole N: the batch has N items, each once, with its number, and check finds nothing.
whole() {
	assert_equal "$(wc -l <"$(batch)/items.ndjson")" "$1"
	assert_equal "$(sed 's/.*"url"/"url"/' "$(batch)/items.ndjson" | sort | uniq -d | wc -l)" 0
	assert_equal "$(sed 's/^{"bi":{"n":\([0-9]*\),.*/\1/' "$(batch)/items.ndjson" | cmp - <(seq "$1"))" ''
	run -0 bi-clean check big
}
