# order.awk: reads `strace -f -y -s 300` of writes, links, renames, directories made and syncs, and says what a power cut
# could take although something later tells of it. Each finding is a line; none: the order is right.
#
#   -v root=DIR     the root directory
#   -v reply=REGEX  a write or sendto whose line matches it is an answer that acknowledges what was written so far
#   -v last=REGEX   the files and names that must be on the disk when the program ends
#
# A file is dirty from its first write until an fsync or fdatasync of it returns, a name from when it is given until an
# fsync of its directory returns; syncfs cleans everything. At these moments nothing that they speak of may be dirty:
#
#   a line of results.ndjson   items.ndjson, the files under files/ and the directories up to the root
#   a byte c or f of state     results.ndjson
#   a name for a whole file    the file (metadata.json, batch.json, exports...)
#   an answer                  picks.ndjson, items.ndjson, batch.json, uploads/, queue/, notebooks/ and their directories
#   the end                    what -v last names

function dirname(p) { sub("/[^/]*$", "", p); return p }

# The path of descriptor argument K (from 0) of the call, as -y wrote it.
function path_of(text, k,    n, parts, p) {
	n = split(text, parts, ", ")
	p = parts[k + 1]
	if (!match(p, /<.*>/)) return ""
	p = substr(p, RSTART + 1, RLENGTH - 2)
	return p
}

function string_of(text, k,    rest) { # the K-th quoted string, from 1
	rest = text
	while (k-- > 0) {
		if (!match(rest, /"([^"\\]|\\.)*"/)) return ""
		found = substr(rest, RSTART + 1, RLENGTH - 2)
		rest = substr(rest, RSTART + RLENGTH)
	}
	return found
}

# What can be made again of the rest.
BEGIN { derived = "/(state|noted|[a-z]*\\.index)$" }

function soil(p) { if (p != "" && !(p in dirty)) dirty[p] = NR }
function soil_name(p) { fresh[p] = NR }
function clean(p,    q) {
	delete dirty[p]
	for (q in fresh)
		if (dirname(q) == p) delete fresh[q]
}

# Every dirty file or directory whose path matches RE is a finding.
function demand(re, why,    p) {
	for (p in dirty)
		if (p ~ re && p !~ derived) print why ": " p " is not on the disk (line " NR ", dirty since line " dirty[p] ")"
	for (p in fresh)
		if (p ~ re && p !~ derived) print why ": the name " p " is not on the disk (line " NR ", since line " fresh[p] ")"
}

function demand_parents(p, why) {
	for (; length(p) > length(root); p = dirname(p))
		if (p in fresh) print why ": the name " p " is not on the disk (line " NR ", since line " fresh[p] ")"
}

function wrote(p, text) {
	if (p ~ /\/results\.ndjson$/) {
		demand("/items\\.ndjson$", "a result is recorded")
		demand("^" dirname(p) "/(files|uploads)(/|$)", "a result is recorded")
		demand_parents(p, "a result is recorded")
		results++
	}
	if (p ~ /\/state$/ && match(text, /"[cf]+"/)) {
		states += RLENGTH - 2
		demand("^" dirname(p) "/results\\.ndjson$", "a state is final")
	}
	soil(p)
}

function named(from, p) {
	# Indexes can be made again, a part is known to be one, and a note of a machine that is not whole is none.
	if (p ~ /\.(index|part)$|\/machines\/[^\/]*$/) return
	# What was fetched may be synced by its name, with others, before its result.
	if (from in dirty && p !~ /\/files\/[^\/]*$/) print "a file gets its name: " p " has bytes that are not on the disk (line " NR ")"
	if (from in dirty) { dirty[p] = dirty[from]; clean(from) }
	soil_name(p)
	names++
}

{
	pid = $1
	line = $0
	sub(/^[0-9]+ +/, "", line)
}

# What a thread began and another interrupted: a write counts from its beginning, all else when it returned.
line ~ /<unfinished \.\.\.>$/ {
	begun[pid] = line
	if (line !~ /^[a-z0-9]*write|^send/) next
}
line ~ /^<\.\.\. .* resumed>/ {
	half = begun[pid]
	delete begun[pid]
	if (half ~ /^[a-z0-9]*write|^send/) next
	sub(/ *<unfinished \.\.\.>$/, "", half)
	sub(/^<\.\.\. [a-z0-9_]+ resumed>/, "", line)
	line = half line
}
# A file without a name, by its descriptor: threads share these.
match(line, /[0-9]+<[^>]*>\(deleted\)/) {
	p = substr(line, RSTART, RLENGTH - 10)
	fd = p; sub(/<.*/, "", fd); sub(/^[0-9]+</, "", p)
	unnamed[pid, fd] = unnamed[fd] = p
}
line !~ /= -1 / {
	call = line; sub(/\(.*/, "", call)
	text = line; sub(/^[a-z0-9_]+\(/, "", text)
	if (call ~ /^(pwrite64|write|writev|copy_file_range|sendto|sendmsg)$/) {
		p = path_of(text, call == "copy_file_range" ? 2 : 0)
		if (index(p, root "/") == 1) wrote(p, text)
		if (reply != "" && line ~ reply && p ~ /socket:|TCP|UNIX/) {
			demand("^" root "/(batches|queue|notebooks|seq)(/|$)", "an answer is given")
			replies++
		}
	} else if (call ~ /^(fsync|fdatasync)$/) {
		p = text; sub(/^[0-9]+</, "", p); sub(/>(\(deleted\))?\).*/, "", p)
		clean(p)
		syncs++
	} else if (call == "syncfs") {
		delete dirty; delete fresh
		syncs++
	} else if (call == "mkdirat") {
		soil_name(path_of(text, 0) "/" string_of(text, 1))
	} else if (call == "linkat") {
		if (match(text, /"\/proc\/self\/fd\/[0-9]+"/)) {
			fd = substr(text, RSTART + 15, RLENGTH - 16)
			from = (pid, fd) in unnamed ? unnamed[pid, fd] : unnamed[fd]
		} else from = path_of(text, 0) "/" string_of(text, 1)
		named(from, path_of(text, 2) "/" string_of(text, 2))
	} else if (call ~ /^renameat2?$/) {
		named(path_of(text, 0) "/" string_of(text, 1), path_of(text, 2) "/" string_of(text, 2))
	}
}

END {
	if (last != "") demand(last, "the program ends")
	printf "# %d results, %d states, %d names, %d answers, %d syncs\n", results, states, names, replies, syncs
}
