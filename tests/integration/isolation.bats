#!/usr/bin/env bats
# share/examples/isolation: whether batches are apart, by their contents.
load helpers

setup() {
	bi_setup
	mkdir files
	for batch in ONE TWO; do
		for i in 1 2; do
			echo "$batch $i" >"files/$batch-$i.txt"
			printf '{"subject":{"id":"%s","name":"S"},"file":"files/%s-%s.txt"}\n' "$i" "$batch" "$i"
		done | bi-fetch -q -b "$batch" >/dev/null
		bi-render "$batch" >/dev/null
	done
	mkdir -p "$BI_ROOT/leases"
	echo 8001 >"$BI_ROOT/leases/ONE.port"
	echo 8002 >"$BI_ROOT/leases/TWO.port"
}

isolation() {
	"$BI_SHARE/examples/isolation" "$@"
}

# shared WORDS: it finds just that.
shared() {
	run --separate-stderr isolation ONE TWO
	assert_equal "$status" 1
	assert_output ''
	assert_equal "${#stderr_lines[@]}" 1
	[[ $stderr == *"$1"* ]] || fail "$stderr"
}

@test 'batches that share nothing are apart, also with the same subjects' {
	run -0 isolation ONE TWO
	assert_output "✅ All isolation tests passed!
✅ Batch 1 uses: $BI_ROOT/review/ONE
✅ Batch 2 uses: $BI_ROOT/review/TWO
✅ Directories are isolated"
	# The same bytes, fetched by both, are two files.
	cp files/ONE-1.txt files/TWO-3.txt
	bi-fetch -q -b TWO files/TWO-3.txt >/dev/null
	bi-render TWO >/dev/null
	run -0 isolation TWO ONE
}

@test 'what is shared or in the wrong place is named' {
	local one=$BI_ROOT/batches/ONE two=$BI_ROOT/batches/TWO pages=$BI_ROOT/review

	cp "$two/files/1_1.txt" kept
	cp "$one/files/1_1.txt" "$two/files/9_1.txt"
	shared "$two/files/9_1.txt is not what an item of 'TWO' has"
	rm "$two/files/9_1.txt"
	cp "$one/files/1_1.txt" "$pages/TWO/1_1.txt"
	shared "$pages/TWO/1_1.txt is not the file of that name of 'TWO'"
	cp kept "$pages/TWO/1_1.txt"
	cp "$pages/TWO/index.html" index.html
	cp "$pages/ONE/index.html" "$pages/TWO/index.html"
	shared "$pages/TWO/index.html is not a page of 'TWO'"
	cp index.html "$pages/TWO/index.html"
	ln "$one/files/2_1.txt" "$two/linked"
	shared "these are one file: "
	rm "$two/linked"
	ln -s ../ONE/state "$two/linked"
	shared "$two/linked is a symbolic link"
	rm "$two/linked"
	echo 8001 >"$BI_ROOT/leases/TWO.port"
	shared 'several of the batches have the port 8001'
	echo 8002 >"$BI_ROOT/leases/TWO.port"
	mv "$pages/TWO" moved
	ln -s ONE "$pages/TWO"
	shared "$pages/TWO is not a directory"
	rm "$pages/TWO"
	mv moved "$pages/TWO"
	run -0 isolation ONE TWO
}

@test 'a wrong call is one, and what cannot be looked at is not apart' {
	run -2 isolation ONE
	run -2 isolation ONE ONE
	run -1 isolation ONE none
	rm "$BI_ROOT/batches/TWO/results.ndjson"
	run -1 isolation ONE TWO
	assert_output --partial 'results.ndjson cannot be read'
}
