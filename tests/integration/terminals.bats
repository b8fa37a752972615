#!/usr/bin/env bats
# Three people at three terminals at once, whose subjects have the same ids: from the catalog to the export, by content.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# catalog: five subjects in each of three categories, and more behind them, with the ids 1 to 10 in each.
catalog() {
	local category

	for category in M P A; do
		jq -nc --arg c $category 'range(10) | {id: (. + 1), category: $c,
			name: ("Person " + $c + " " + ["Ab", "Bo", "Cy", "Di", "Ed", "Fi", "Gus", "Hal", "Ida", "Jo"][.])}'
	done | shuf
}

# terminal CATEGORY: what one of them types.
terminal() {
	source_wiki --json --max 3 --set ways=title --set enough=3 "$1" 5 0 <subjects | bi-fetch -q | bi-render | bi-serve -p 18000-18400 >"$1.server"
}

# chosen CATEGORY ID: everyone picks something else of a subject.
chosen() {
	case $1 in
	M) echo $(($2 % 3 + 1)) ;;
	P) echo $((($2 + 1) % 3 + 1)) ;;
	A) echo $((($2 + 2) % 3 + 1)) ;;
	esac
}

# wanted CATEGORY ID: the digest of what the wiki serves of that choice.
wanted() {
	curl -sSf -A "test (test@example.org)" "$(jq -r --argjson i "$2" --argjson k "$(chosen "$1" "$2")" \
		'select((.subject.id | tonumber) == $i and .rank == $k).url' "$BI_ROOT/batches/$1_batch1/items.ndjson")" | sha256sum | cut -d' ' -f1
}

# file_of DIRECTORY: the digest of the one picture in it.
file_of() {
	find "$1" -type f ! -name metadata.json -exec sha256sum {} + | cut -d' ' -f1
}

@test 'three terminals at once, clashing ids: pages, picks, collection and export are of their own batch' {
	local category other id port base picking=()

	wiki_start
	catalog >subjects
	export -f terminal source_wiki
	export WIKI BI_CONTACT=test@example.org
	printf '%s\n' M P A | timeout 300 xargs -P 3 -I{} bash -c 'terminal {} 2>{}.err' || fail "$(cat ./*.err)"
	# A port, a directory and pages for each.
	assert_equal "$(cat ./*.server | jq -r '.port // empty' | sort -u | wc -l)" 3
	for category in M P A; do
		base=$(jq -r '.url // empty | sub("#.*"; "")' "$category.server")
		[[ $base == */"${category}_batch1"/index.html ]]
		curl -sSf "$base" >"$category.html"
		assert_equal "$(grep -o 'Person [MPA] [A-Z][a-z]*' "$category.html" | cut -d' ' -f2 | sort -u)" "$category"
		assert_equal "$(grep -o 'Person [MPA] [A-Z][a-z]*' "$category.html" | sort -u | wc -l)" 5
		for id in {1..5}; do
			curl -sSf "${base%index.html}${id}_review.html" >"$category-$id.html"
			grep -q "Person $category " "$category-$id.html"
			for other in M P A; do
				[ "$other" = $category ] || run ! grep -E "Person $other |${other}_batch1" "$category-$id.html"
			done
		done
	done
	run -0 "$BI_SHARE/examples/isolation" M_batch1 P_batch1 A_batch1
	# All pick at once, as the pages save it.
	for category in M P A; do
		port=$(jq -r '.port // empty' "$category.server")
		for id in {1..5}; do
			jq -nc --arg id "$id" --argjson k "$(chosen $category "$id")" '{selections: {($id): $k}, reviewer: "ada"}' >"$category-$id.pick"
			curl -sS -o "$category-$id.saved" -w '%{http_code}\n' -X PUT -H "X-CSRFToken: $(<"$BI_ROOT/token")" \
				-H 'Content-Type: application/json' -d "@$category-$id.pick" \
				"http://localhost:$port/api/v1/batches/${category}_batch1/selections/" >"$category-$id.code" &
			picking+=($!)
		done
	done
	wait "${picking[@]}"
	assert_equal "$(cat ./*.code | sort | uniq -c | tr -s ' ')" ' 15 200'
	# One store of all subjects: the first has the ids, and the message's command gives the others theirs.
	run -4 --separate-stderr bi-collect M_batch1 P_batch1 A_batch1
	[[ $stderr == *'bi-collect --as 1=NEW P_batch1'* ]]
	for category in P A; do
		run -0 bi-collect --as 1=${category}1 --as 2=${category}2 --as 3=${category}3 --as 4=${category}4 --as 5=${category}5 "${category}_batch1"
	done
	run -0 bi-collect --by category -o category.zip M_batch1 P_batch1 A_batch1
	run -0 bi-collect --by batch -o batch.tar.gz M_batch1 P_batch1 A_batch1
	run -0 bi-collect --verify category.zip
	run -0 bi-collect --verify batch.tar.gz
	mkdir zip tar
	unzip -q category.zip -d zip
	tar -xf batch.tar.gz -C tar
	for category in M P A; do
		for id in {1..5}; do
			wanted $category "$id" >want
			file_of "$BI_ROOT/collected/by_subject_id/${category/M/}$id" | diff want -
			file_of "zip/collected/by_category/$category/$id" | diff want -
			file_of "tar/collected/by_batch/${category}_batch1/$id" | diff want -
			jq -e --arg n "Person $category " '.name | startswith($n)' "tar/collected/by_batch/${category}_batch1/$id/metadata.json"
			cat want >>all
		done
	done
	assert_equal "$(sort -u all | wc -l)" 15
	run ! grep -h ^BAD "${ORIGIN_LOGS[@]}"
}
