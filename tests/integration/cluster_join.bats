#!/usr/bin/env bats
# share/cluster: task and join without a scheduler. What may be wrong at the join is refused or finished, in words.

load helpers

CLUSTER=$BI_SHARE/cluster

# parts N: the list of N files in ./list is cut into three parts, which are fetched and packed in ./work.
parts() {
	local i k

	mkdir in scratch
	for i in $(seq "$1"); do
		echo "the bytes of $i" >"in/$i.txt"
	done
	seq -f '%g' "$1" | sed "s|.*|{\"file\":\"$PWD/in/&.txt\",\"subject\":{\"id\":\"s&\"}}|" >list
	mkdir -p work/packs
	bi-split -n 3 --by subject -d work/parts -i list
	cp list work/list
	export TMPDIR=$PWD/scratch
	for k in 0 1 2; do
		"$CLUSTER/task" work "$k"
	done
}

# whole: the batch `big` has each item of ./list once, completed.
whole() {
	assert_equal "$(jq -r '"\(.status) \(.file)"' "$BI_ROOT/batches/big/results.ndjson" | sort)" \
		"$(jq -r '"completed \(.file)"' list | sort)"
	assert_equal "$(ls "$BI_ROOT/temp")" ''
	bi-clean check big
}

@test "tasks pack their parts and leave nothing else, and the join makes one batch of the packs" {
	local k

	parts 12
	[ "$(find work/parts -size +0 | wc -l)" -gt 1 ]
	assert_equal "$(ls work/packs | sed 's/.tar.zst//')" "$(find work/parts -name 'part-*' -size +0 -printf '%f\n' | sort)"
	assert_equal "$(find scratch -mindepth 1 -type d)" ''
	sha256sum work/packs/* >sums
	for k in 0 1 2; do
		run -0 "$CLUSTER/task" work "$k"
	done
	sha256sum --quiet -c sums
	rm -r in
	run -0 "$CLUSTER/join" work big --offline
	assert_output ''
	whole
	# The packs are all that is needed, and the same command again changes nothing.
	rm -r work/parts
	run -0 "$CLUSTER/join" work big --offline
	whole
}

@test "the join names a part that is missing, and fetches it" {
	parts 12
	part=$(find work/parts -name 'part-*' -size +0 -printf '%f\n' | head -n 1)
	mv "work/packs/$part.tar.zst" .
	run -75 "$CLUSTER/join" work big --offline
	assert_output --partial "join: $part has no pack: its items are fetched here"
	assert_output --regexp '[0-9]+ items? (is|are) in no part'
	bi-clean check big
	run -0 "$CLUSTER/join" work big
	whole
}

@test "a pack of another list is named, and a pack that was changed or cut is refused; nothing is lost" {
	parts 12
	mkdir other
	echo x >other/x
	ls -d "$PWD/other/x" | bi-fetch -q -r elsewhere -b foreign >/dev/null
	bi-clean -r elsewhere --archive work/packs/part-9.tar.zst pack foreign >/dev/null
	run -0 "$CLUSTER/join" work big --offline
	assert_output --partial "the part 'work/packs/part-9.tar.zst' gave nothing: the list has none of its 1 items"
	whole
	find "$BI_ROOT/batches/big" -type f ! -name lock -exec sha256sum {} + >before
	for pack in work/packs/part-[0-2].tar.zst; do
		cp "$pack" kept
		truncate -s -100 "$pack"
		run -65 "$CLUSTER/join" work big
		assert_output --partial "the archive '$pack' is not used, and nothing was taken: "
		cp kept "$pack"
	done
	sha256sum --quiet -c before
	whole
}

@test "a task whose pack cannot be written keeps what it fetched" {
	need_plain_strace
	parts 6
	part=$(find work/parts -name 'part-*' -size +0 -printf '%f\n' | head -n 1)
	mv "work/packs/$part.tar.zst" .
	mkdir bin
	printf '#!/bin/sh\nexec strace -f -qq -o /dev/null -e trace=linkat -e inject=linkat:error=ENOSPC %s "$@"\n' \
		"$(command -v bi-clean)" >bin/bi-clean
	chmod +x bin/bi-clean
	PATH=$PWD/bin:$PATH run -73 "$CLUSTER/task" work "${part#part-}"
	assert_output --partial 'nothing is written: No space left on device'
	[ ! -e "work/packs/$part.tar.zst" ]
	rm -r in
	run -0 "$CLUSTER/task" work "${part#part-}"
	run -0 "$CLUSTER/join" work big --offline
	whole
}
