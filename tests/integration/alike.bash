# shellcheck shell=bash
# What the tests of likeness share. Their setup sets R to the directory of reviews.

# item ID FILE: an item of subject ID.
item() {
	printf '{"subject":{"id":"%s","name":"Subject %s"},"file":"%s"}\n' "$1" "$1" "$(realpath -m "$2")"
}

# A copy of share whose pages are what bi-render gives jq: ID_review.html is the subject as JSON.
plain_pages() {
	cp -r "$BI_SHARE" share
	# shellcheck disable=SC2016
	printf '%s\n' '[if .subject then {name:"\(.subject.id)_review.html",text:(.|tojson)} else empty end, {name:"index.html",text:(if .subject then .subject.id + "\n" else "" end)}]' \
		>share/review/render.jq
	export BI_SHARE=$PWD/share
}

# candidates ID FILTER: what the filter makes of each of the subject's candidates, a line each.
candidates() {
	jq -r ".subject.candidates[] | $2" "$R"/*/"$1_review.html"
}
