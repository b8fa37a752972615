#!/usr/bin/env bats
# bi-collect: batches that use the same ids for different subjects: --by and --as.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

setup() {
	bi_setup
	C=$BI_ROOT/collected
}

# clash BATCH CATEGORY NAME...: a batch with subjects 1, 2, 3... of these names, two candidates each, of which ada picks
# the second.
clash() {
	local batch=$1 category=$2 i=0 k name

	shift 2
	for name; do
		i=$((i + 1))
		for k in 1 2; do
			echo "$name $k" >"$batch-$i-$k.txt"
			jq -nc --arg i $i --arg n "$name" --arg c "$category" --arg f "$PWD/$batch-$i-$k.txt" \
				'{subject:{id:$i,name:$n,category:$c},file:$f,author:"A",license:"CC0"}'
		done
	done | bi-fetch -q -b "$batch" >/dev/null
	for ((i = 1; i <= $#; i++)); do
		printf '{"subject":"%s","choice":2,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}\n' $i
	done >>"$BI_ROOT/batches/$batch/picks.ndjson"
}

# texts TREE: the collected texts with their directories.
texts() {
	(cd "$C/$1" && find . -name '*.txt' -printf '%h ' -exec cat {} \; | sort)
}

@test "three batches with clashing ids are collected by batch, by category, or with other ids" {
	local batch

	clash M_batch1 M Clara Johann
	clash P_batch1 P Hypatia Baruch
	clash A_batch1 A Artemisia Albrecht
	run -4 --separate-stderr bi-collect M_batch1 P_batch1 A_batch1
	[[ $stderr == *'bi-collect --as 1=NEW P_batch1'* ]]
	run -0 texts by_subject_id
	assert_output './1 Clara 2
./2 Johann 2'
	# The command of the message works for the batch as it is.
	run -0 bi-collect --as 1=P1 --as 2=P2 P_batch1
	run -0 bi-collect --as 1=A1 --as 2=A2 A_batch1
	run -0 texts by_subject_id
	assert_output './1 Clara 2
./2 Johann 2
./A1 Artemisia 2
./A2 Albrecht 2
./P1 Hypatia 2
./P2 Baruch 2'
	run -0 bi-collect --by category M_batch1 P_batch1 A_batch1
	run -0 texts by_category
	assert_output './A/1 Artemisia 2
./A/2 Albrecht 2
./M/1 Clara 2
./M/2 Johann 2
./P/1 Hypatia 2
./P/2 Baruch 2'
	run -0 bi-collect --by batch -o all.zip M_batch1 P_batch1 A_batch1
	assert_equal "$(texts by_batch | wc -l)" 6
	assert_equal "$(texts by_batch | head -n 1)" './A_batch1/1 Artemisia 2'
	assert_line --partial "\"collected\":\"$C/by_batch/P_batch1/1/"
	jq -e '.id == "1" and .name == "Hypatia"' "$C/by_batch/P_batch1/1/metadata.json"
	# The credits have all trees, and each path is one of a file.
	jq -r '.attributions[].file' "$C/ATTRIBUTION.json" >files
	assert_equal "$(wc -l <files)" 18
	while read -r file; do
		[ -f "$C/$file" ]
	done <files
	run -0 bi-collect --verify all.zip
	run -0 unzip -qq -p all.zip collected/CONTENTS
	assert_equal "$(sort <<<"$output" | uniq -c | tr -s ' \t' ' ')" ' 3 1 1
 3 2 1'
	run -0 unzip -qq -l all.zip '*.txt'
	assert_equal "${#lines[@]}" 6
	# What a reviewer takes back leaves its place, and an empty group goes too.
	for i in 1 2; do
		echo '{"subject":"'$i'","choice":0,"reviewer":"ada","at":"2026-11-23T10:00:00.000Z"}' >>"$BI_ROOT/batches/P_batch1/picks.ndjson"
	done
	run -0 bi-collect --by batch P_batch1
	[ ! -e "$C/by_batch/P_batch1" ]
	[ -d "$C/by_batch/M_batch1" ]
}

@test "in one category the same id of two subjects is still a conflict; odd categories are directories" {
	clash one M Clara
	clash two M Bessie
	clash odd 'a/../b' Émile
	clash dots .. Zoë
	run -4 --separate-stderr bi-collect --by category one two
	[[ $stderr == *"it is 'Clara' (M) in batch one and 'Bessie' (M) here"* ]]
	run -0 bi-collect --by category odd dots
	run -0 bash -c "cd $C/by_category && LC_ALL=C ls -A"
	assert_output 'M
_
a_.._b'
	run -2 bi-collect --by name one
	run -2 bi-collect --as 1 one
	run -2 bi-collect --as 1=../x one
	assert_output --partial "'../x' cannot be the id of a subject"
}

@test "a webdataset and named files of several groups do not overwrite each other" {
	clash M_batch1 M Clara
	clash P_batch1 P Clara
	run -0 bi-collect --by batch -o w.tar --format webdataset M_batch1 P_batch1
	run -0 tar tf w-000000.tar
	assert_equal "$(grep -c '^[MP]_batch1,1_.*\.txt$' <<<"$output")" 2
	run -0 bi-collect --verify w.sha256
	run -0 bi-collect --by category --name '{subject}_{n}' -o n.zip M_batch1 P_batch1
	run -0 unzip -qq -l n.zip '*.txt'
	assert_line --partial 'collected/by_category/M/1/1_2.txt'
	assert_line --partial 'collected/by_category/P/1/1_2.txt'
	run -0 bi-collect --by batch -o c.csv M_batch1 P_batch1
	assert_equal "$(grep -c '^"1",' c.csv)" 2
}
