#!/usr/bin/env bats
# share/cluster/kubernetes.yaml is what its schema allows, and names what there is. No cluster runs it here.

load helpers

# valid FILTER: the documents of the manifest, after a filter of jq, are valid.
valid() {
	local document count=0

	while read -r document; do
		printf '%s\n' "$document" >document.json
		/usr/bin/jsonschema -i document.json "$BATS_TEST_DIRNAME/job.schema.json" || return
		count=$((count + 1))
	done < <(yq -c "$1" "$CLUSTER/kubernetes.yaml")
	[ "$count" = 2 ]
}

@test "the manifest is valid, and its schema finds what is not" {
	run -0 valid .
	for broken in 'select(.kind == "Job").spec.completions = "40"' 'select(.kind == "Job").spec.paralelism = 8' \
		'select(.kind == "Job").spec.template.spec.restartPolicy = "Always"' \
		'select(.kind == "Job").spec.template.spec.volumes[0].emptyDir = {}' \
		'select(.kind == "Job").spec.template.spec.containers[0].resources.limits.memory = "2 GB"' \
		'select(.kind == "Job").spec.template.spec.containers[0].env[0].value = 1' \
		'select(.kind != "Job").spec.accessModes = ["ReadWrite"]'; do
		run valid "$broken"
		[ "$status" -ne 0 ] || fail "accepted: $broken"
	done
}

@test "volumes and the claim have the names by which they are used, and the task is one of this tree" {
	yq -s 'map({(.kind): .}) | add' "$CLUSTER/kubernetes.yaml" >all
	assert_equal "$(jq -c '.Job.spec.template.spec | [.volumes[].name]' all)" \
		"$(jq -c '.Job.spec.template.spec | [.containers[].volumeMounts[].name]' all)"
	assert_equal "$(jq -r '.Job.spec.template.spec.volumes[] | .persistentVolumeClaim.claimName // empty' all)" \
		"$(jq -r .PersistentVolumeClaim.metadata.name all)"
	[ -x "$CLUSTER/$(basename "$(jq -r '.Job.spec.template.spec.containers[0].command[0]' all)")" ]
	assert_equal "$(jq -c '.Job.spec.template.spec.containers[0] | [.args[0] == .volumeMounts[0].mountPath, .env[0].value == .volumeMounts[1].mountPath, .args[1]]' all)" \
		"[true,true,\"\$(JOB_COMPLETION_INDEX)\"]"
}
