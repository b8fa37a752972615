# Converts the output of `bi-status --json --limit 0` to the text format of Prometheus, for node_exporter's textfile
# collector:
#
#	bi-status --json --limit 0 | jq -rs -f prometheus.jq
#
# The collector reads files that end in .prom. This line of crontab(5) replaces such a file atomically:
#
#	* * * * *  cd /var/lib/node_exporter && bi-status --json --limit 0 >.bi.json && jq -rs -f /usr/local/share/bi/examples/prometheus.jq .bi.json >.bi.new && mv .bi.new bi.prom

# A label's value: backslashes, quotes and newlines are escaped.
def value: tostring | gsub("\\\\"; "\\\\") | gsub("\""; "\\\"") | gsub("\n"; "\\n");

# {batch="a",state="failed"}
def labels: to_entries | map(select(.value != null) | "\(.key)=\"\(.value | value)\"") | "{\(join(","))}";

# A metric: its name, its description, and for each batch an array of [labels, number].
def metric($name; $help; samples):
	"# HELP \($name) \($help)",
	"# TYPE \($name) gauge",
	(.[] | samples | select(.[1] != null) | "\($name)\(.[0] | labels) \(.[1])");

def seconds: try fromdateiso8601 catch null;

map(select(.batch_job) | .batch_job + {root}) | sort_by(.root, .name) |
	"# HELP bi_batches Number of batches in the root, or in all roots.",
	"# TYPE bi_batches gauge",
	"bi_batches \(length)",
	metric("bi_batch_items"; "Number of items of the batch, by state.";
		. as $b | ("pending", "processing", "completed", "failed", "removed") | [{batch: $b.name, root: $b.root, state: .}, $b[. + "_items"]]),
	metric("bi_batch_status"; "1 for the status of the batch.";
		[{batch: .name, root, status: .status, category: .category, "label": .label}, 1]),
	metric("bi_batch_stale"; "1 if items are left and no process works on them.";
		[{batch: .name, root}, if .stale then 1 else 0 end]),
	metric("bi_batch_created_timestamp_seconds"; "Time when the batch was made.";
		[{batch: .name, root}, (.created_at | seconds)]),
	metric("bi_batch_updated_timestamp_seconds"; "Time of the last change of the batch.";
		[{batch: .name, root}, (.updated_at | seconds)])
