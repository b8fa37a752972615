#!/usr/bin/env bats
# A run with very many hosts needs no more memory than one with some, and no more work for each.
load helpers

setup() {
	bi_setup
	[ -z "${SANITIZE:-}" ] || skip 'a preloaded library and sanitizers do not go together'
}

# blocks_of N URL...: runs bi-fetch with N URLs by the printf format URL. Prints how many blocks of memory it used at
# the same time (tests/preload/blocks.c).
blocks_of() {
	local n=$1 url=$2
	shift 2

	seq -f "$url" "$n" |
		LD_PRELOAD=$BI_BUILD/tests/blocks.so BI_BLOCKS=$BATS_TEST_TMPDIR/blocks bi-fetch -b "n$n" "$@" >out 2>err
	cat blocks
}

@test "what is remembered of hosts does not grow with their number" {
	local few many

	faulty_start
	# Names below localhost are of this machine, and libcurl remembers the address of each.
	few=$(blocks_of 1000 "http://h%.0f.localhost:${FAULTY##*:}/bytes/20/a")
	many=$(blocks_of 3000 "http://h%.0f.localhost:${FAULTY##*:}/bytes/20/a")
	assert_equal "$(origin_hits /bytes/)" 4000
	assert_equal "$(tail -n 1 out)" '{"end":"bi-fetch","completed":3000,"failed":0,"exit":0}'
	# If nothing were forgotten, each further host would be 7 blocks. On a busy machine more is under way at a time.
	[ $((many - few)) -lt 7000 ] || fail "$few blocks for 1000 hosts, $many for 3000"
}

@test "hosts that refuse connections wait for another attempt in bounded memory" {
	local many

	[ -n "${BI_LONG:-}" ] || skip 'it takes a minute'
	many=$(blocks_of 40000 'http://h%.0f.localhost:1/a' --tries 2)
	assert_equal "$(tail -n 1 out)" '{"end":"bi-fetch","completed":0,"failed":40000,"exit":1}'
	[ "$many" -lt 300000 ] || fail "$many blocks"
}

@test "a long transfer goes on while hundreds of other hosts come and go" {
	faulty_start
	{
		for i in 1 2 3; do
			echo "$FAULTY/drip/3000/bytes/100000/long$i"
			seq -f "http://h$i-%.0f.localhost:${FAULTY##*:}/bytes/20/b" 450
		done
	} >in
	run -0 --separate-stderr bi-fetch <in
	assert_line '{"end":"bi-fetch","completed":1353,"failed":0,"exit":0}'
	assert_equal "$(find "$BI_ROOT/batches/default/files" -size 100000c | wc -l)" 3
	assert_equal "$(origin_hits /long)" 3
}
