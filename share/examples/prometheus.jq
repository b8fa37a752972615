# What `bi-status --json --limit 0` says, in the text format of Prometheus, for node_exporter's textfile collector:
#
#	bi-status --json --limit 0 | jq -rs -f prometheus.jq
#
# A line of crontab(5) that never shows it half a file; it reads files that end in .prom:
#
#	* * * * *  cd /var/lib/node_exporter && bi-status --json --limit 0 >.bi.json && jq -rs -f /usr/local/share/bi/examples/prometheus.jq .bi.json >.bi.new && mv .bi.new bi.prom

# A label's value: backslashes, quotes and newlines are escaped.
def value: tostring | gsub("\\\\"; "\\\\") | gsub("\""; "\\\"") | gsub("\n"; "\\n");

# {batch="a",state="failed"}
def labels: to_entries | map(select(.value != null) | "\(.key)=\"\(.value | value)\"") | "{\(join(","))}";

# A metric with what is to be read of it: its name, what it is, and of each batch an array of [labels, number].
def metric($name; $help; samples):
	"# HELP \($name) \($help)",
	"# TYPE \($name) gauge",
	(.[] | samples | select(.[1] != null) | "\($name)\(.[0] | labels) \(.[1])");

def seconds: try fromdateiso8601 catch null;

map(.batch_job) | sort_by(.name) |
	"# HELP bi_batches Batches in the root.",
	"# TYPE bi_batches gauge",
	"bi_batches \(length)",
	metric("bi_batch_items"; "Items of a batch by state.";
		. as $b | ("pending", "processing", "completed", "failed") | [{batch: $b.name, state: .}, $b[. + "_items"]]),
	metric("bi_batch_status"; "1 for the status that a batch has.";
		[{batch: .name, status: .status, category: .category, "label": .label}, 1]),
	metric("bi_batch_stale"; "Whether items are left and nobody is at them.";
		[{batch: .name}, if .stale then 1 else 0 end]),
	metric("bi_batch_created_timestamp_seconds"; "When a batch was made.";
		[{batch: .name}, (.created_at | seconds)]),
	metric("bi_batch_updated_timestamp_seconds"; "When a batch changed last.";
		[{batch: .name}, (.updated_at | seconds)])
