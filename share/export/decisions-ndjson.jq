# export document .ndjson decisions
# The table of decisions as records: a member without a value is left out; bi-exports(5).
include "decisions";

decisions | with_entries(select(.value != null and .value != "")) | tojson + "\n"
