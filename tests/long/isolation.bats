#!/usr/bin/env bats
# Three batches with the same subject ids at once: every file, page, port and key belongs to its own.

load ../integration/helpers

setup() {
	bi_setup
	pictures
	origin_start
}

# items CATEGORY SUBJECTS: so many subjects with three pictures each.
items() {
	local picture subject

	for picture in origin/"$1"-[1-"$2"]-*; do
		picture=${picture##*/}
		subject=${picture#*-}
		printf '{"batch":"%s_batch1","subject":{"id":%d,"name":"Subject %s","category":"%s"},"url":"%s"}\n' \
			"$1" "${subject%%-*}" "$1-${subject%%-*}" "$1" "$ORIGIN/$picture"
	done
}

# run_all SUBJECTS: the three batches at once, each through the whole pipeline.
run_all() {
	local category

	for category in M P A; do
		items "$category" "$1" >"$category.ndjson"
	done
	# shellcheck disable=SC2016
	printf '%s\n' M P A | timeout 600 xargs -P 3 -I{} sh -c \
		'bi-fetch <{}.ndjson | bi-render | bi-serve -p 18000-18400 >{}.server'
}

url_of() {
	jq -r '.url // empty' "$1.server"
}

port_of() {
	jq -r '.port // empty' "$1.server"
}

# The hashes of the files in a directory whose path matches a regular expression, sorted.
hashes() {
	find "$1" -maxdepth 1 -type f -regex "$2" -exec sha256sum {} + | cut -d' ' -f1 | sort
}

@test "three batches with the same subject ids share no byte, page, port or key" {
	local category other page

	run_all 3
	run bi-status --wait --timeout 600 --strict M_batch1 P_batch1 A_batch1
	assert_success

	# Each has all its pictures and no others: in the batch, in its review folder, and over HTTP.
	for category in M P A; do
		hashes origin ".*/$category-[1-3]-[^/]*" >"$category.want"
		[ "$(wc -l <"$category.want")" -eq 9 ]
		hashes "$BI_ROOT/batches/${category}_batch1/files" '.*' | diff "$category.want" -
		hashes "$BI_ROOT/review/${category}_batch1" '.*/[0-9]+_[0-9]+\.[a-z]+' | diff "$category.want" -
		for page in {1..3}_{1..3}; do
			page=$(basename "$BI_ROOT/review/${category}_batch1/$page".*)
			curl -sSf "$(dirname "$(url_of "$category")")/$page" | sha256sum | cut -d' ' -f1
		done | sort | diff "$category.want" -
	done

	# No thumbnail is another batch's.
	run -0 find "$BI_ROOT"/review/*/thumbs -name '*.webp'
	assert_equal "${#lines[@]}" 27
	run -0 sort -u <(for category in M P A; do hashes "$BI_ROOT/review/${category}_batch1/thumbs" '.*'; done)
	assert_equal "${#lines[@]}" 27

	# Each on a port of its own.
	run -0 sort -u <(port_of M) <(port_of P) <(port_of A)
	assert_equal "${#lines[@]}" 3

	# Pages name their own batch and subjects, and no other.
	for category in M P A; do
		for page in index.html submit.html {1..3}_review.html; do
			curl -sSf "$(dirname "$(url_of "$category")")/$page" >page.html
			cmp page.html "$BI_ROOT/review/${category}_batch1/$page"
			# review.js makes the keys of localStorage begin with this.
			grep -q "data-batch=\"${category}_batch1\"" page.html
			for other in M P A; do
				[ "$other" = "$category" ] || run ! grep -E "${other}_batch1|Subject $other-" page.html
			done
		done
		grep -q "Subject $category-3" "$BI_ROOT/review/${category}_batch1/index.html"
	done

	# Records name their own batch.
	for category in M P A; do
		cd "$BI_ROOT/batches/${category}_batch1"
		[ "$(cat state)" = ccccccccc ]
		[ "$(wc -l <items.ndjson)" -eq 9 ]
		[ "$(wc -l <results.ndjson)" -eq 9 ]
		jq -e --arg c "$category" '.name == "\($c)_batch1"' batch.json
		for other in M P A; do
			[ "$other" = "$category" ] || run ! grep -E "${other}_batch1|/$other-" items.ndjson results.ndjson
		done
	done

	# Nothing else was written: no file beside the three folders, nothing half done.
	run -0 ls "$BI_ROOT/batches"
	assert_output $'A_batch1\nM_batch1\nP_batch1'
	run -0 ls "$BI_ROOT/temp"
	assert_output ''
	run -0 find "$BI_ROOT/review" -maxdepth 1 -name '*_review.html' -o -maxdepth 1 -name '*_*.jpg'
	assert_output ''
}

@test "stopping one server leaves the others, and run again nothing is fetched again" {
	run_all 2
	run -0 origin_hits '^/[MPA]-'
	assert_output 18
	run -0 bi-clean stop "$(port_of P)"
	run ! curl -sf -o index.html "$(url_of P)"
	curl -sSf "$(url_of M)" | grep -q M_batch1
	curl -sSf "$(url_of A)" | grep -q A_batch1
	bi-clean stop-all
	run_all 2
	run -0 origin_hits '^/[MPA]-'
	assert_output 18
	curl -sSf "$(url_of P)" | grep -q P_batch1
}
