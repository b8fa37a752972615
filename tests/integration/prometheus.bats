#!/usr/bin/env bats
# share/examples/prometheus.jq: the exposition format of Prometheus, version 0.0.4, and the line of cron that writes it.
load helpers

batch() {
	mkdir -p "$BI_ROOT/batches/$1"
	printf %s "$2" >"$BI_ROOT/batches/$1/state"
	for ((i = 1; i <= ${#2}; i++)); do
		printf '{"bi":{"n":%d,"key":"%032d","id":"i%d","idx":1},"url":"https://example.com/%d"}\n' "$i" "$i" "$i" "$i"
	done >"$BI_ROOT/batches/$1/items.ndjson"
	jq -nc --arg name "$1" --arg words "${3-}" --arg created "${4-2026-11-22T10:30:00Z}" \
		'{name: $name, job_id: 1, "label": $words, category: "M", created_at: $created}' >"$BI_ROOT/batches/$1/batch.json"
}

metrics() {
	bi-status --json --limit 0 | jq -rs -f "$BI_SHARE/examples/prometheus.jq"
}

# sound FILE: it is in the text format: each line is a comment, HELP or TYPE, or a sample; a metric has one HELP and one
# TYPE before its samples, which are together and differ in their labels; the last line ends.
sound() {
	perl -0777 -ne '
		die "no newline at the end\n" unless /\n\z/;
		my (%help, %type, %seen, %done, $now);
		for (split /\n/) {
			if (/^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)*)$/) {
				die "HELP twice: $_\n" if $help{$1}++;
				$done{$now}++ if defined $now;
				$now = $1;
			} elsif (/^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/) {
				die "TYPE out of place: $_\n" if $type{$1}++ || $1 ne $now;
			} elsif (/^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^\\"\n]|\\\\|\\"|\\n)*"(?:,(?!\})|(?=\})))*\})? (?:[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|NaN|[-+]Inf)(?: -?[0-9]+)?$/) {
				die "sample out of place: $_\n" if $1 ne $now || !$type{$1} || $done{$1};
				die "twice: $_\n" if $seen{"$1" . ($2 // "")}++;
			} else {
				die "no line of the format: $_\n";
			}
		}' "$1"
}

@test "what looks at the format finds what is wrong" {
	printf '# HELP a A.\n# TYPE a gauge\na{b="c\\"d\\\\e\\nf",g=""} 1e3\n' >good
	sound good
	local bad

	for bad in 'a 1' '# HELP a A.\na 1\n' '# HELP a A.\n# TYPE a gauge\na{b="c"d"} 1\n' \
		'# HELP a A.\n# TYPE a gauge\na{b="\\d"} 1\n' '# HELP a A.\n# TYPE a gauge\na 1\na 2\n' \
		'# HELP a A.\n# TYPE a gauge\na null\n' '# HELP a A.\n# TYPE a gauge\n1a 1\n' '# HELP a A.\n# TYPE a gauge\na{b="c"}1\n'; do
		printf '%b' "$bad" >bad
		run ! sound bad
	done
}

@test "batches in every state, with any label, are in the format" {
	batch M_batch1 ccfp $'a "quoted" \\ back\nslash {},= \u00fc'
	batch b.with-dots_ cc
	batch none ''
	batch odd-time ff '' 'yesterday'
	metrics >bi.prom
	sound bi.prom
	grep -qxF 'bi_batches 4' bi.prom
	grep -qxF 'bi_batch_items{batch="M_batch1",state="completed"} 2' bi.prom
	grep -qxF 'bi_batch_items{batch="M_batch1",state="pending"} 1' bi.prom
	grep -qxF 'bi_batch_items{batch="odd-time",state="failed"} 2' bi.prom
	grep -qxF 'bi_batch_stale{batch="M_batch1"} 1' bi.prom
	grep -qxF 'bi_batch_stale{batch="none"} 0' bi.prom
	grep -qF 'label="a \"quoted\" \\ back\nslash {},= '$'\u00fc''"' bi.prom
	grep -qxF 'bi_batch_created_timestamp_seconds{batch="M_batch1"} 1795343400' bi.prom
	[ "$(grep -c '^bi_batch_created' bi.prom)" = 3 ]
}

@test "no batches and a batch that cannot be parsed are in the format" {
	mkdir -p "$BI_ROOT"
	metrics >bi.prom
	sound bi.prom
	grep -qxF 'bi_batches 0' bi.prom
	batch b c
	echo '{' >"$BI_ROOT/batches/b/batch.json"
	metrics >bi.prom
	sound bi.prom
	grep -qxF 'bi_batch_items{batch="b",state="completed"} 1' bi.prom
}

@test "the line of cron writes it by rename, and leaves the last one where something fails" {
	local line

	line=$(sed -n 's|^#\t\* \* \* \* \*  ||p' "$BI_SHARE/examples/prometheus.jq")
	mandoc -T utf8 -O width=500 "$BATS_TEST_DIRNAME/../../man/bi-status.1" | sed 's/.\x08//g' | grep -qF "$line"
	[[ "$line" != *%* ]] # cron makes newlines of these
	mkdir collector
	line=${line//\/var\/lib\/node_exporter/collector}
	line=${line//\/usr\/local\/share\/bi/$BI_SHARE}
	batch b ccf
	run -0 --separate-stderr sh -c "$line"
	assert_output ''
	assert_equal "$stderr" ''
	sound collector/bi.prom
	grep -qxF 'bi_batch_items{batch="b",state="failed"} 1' collector/bi.prom
	# Another file each time: who reads the old one reads it to its end.
	exec 8<collector/bi.prom
	batch b fff
	run -0 sh -c "$line"
	grep -qxF 'bi_batch_items{batch="b",state="failed"} 1' <&8
	exec 8<&-
	grep -qxF 'bi_batch_items{batch="b",state="failed"} 3' collector/bi.prom
	# The root is gone: what is known stays.
	mv "$BI_ROOT" away
	run ! sh -c "$line"
	sound collector/bi.prom
	grep -qxF 'bi_batch_items{batch="b",state="failed"} 3' collector/bi.prom
	assert_equal "$(find collector -name '*.prom')" collector/bi.prom
}
