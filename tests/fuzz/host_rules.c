/* fuzz: tools/lib/hosts/host_rules.c -runs=60000 -detect_leaks=0 */
#include "fuzz.h"

#include <unistd.h>

#include "hosts/host_rules.h"

struct reading {
	const char *path;
	struct host_rules *rules;
};

static void
read_rules(void *arg)
{
	struct reading *r = arg;

	r->rules = host_rules_read(&r->path, 1);
}

/* An invalid line ends the program, and what it held is lost. libFuzzer would look for a leak after each of them, which
 * takes nearly all of the time; the unit test finds those of valid files. */
FUZZ(host_rules, NULL)
{
	int fd = fuzz_file(bytes, n);
	char path[40];
	struct reading r = {.path = path};
	struct host_rule rule;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fuzz_survives(read_rules, &r)) {
		host_rules_find(r.rules, "a.example.org", 443, &rule);
		FUZZ_WANT(rule.slots <= HOST_RULES_SLOTS_MAX);
		host_rules_exempt_path(&rule, "/w/api.php");
		host_rules_find(r.rules, "[::1]", 80, &rule);
		host_rules_free(r.rules);
	} else {
		close(fd + 1); /* the file that it read */
	}
	close(fd);
}
