# bi: batches in isolation. `make demo` shows it, `make check` tests it; README.md has the rest.

VERSION = 0.1
PREFIX = /usr/local
DATA = $(PREFIX)/share/bi
LIBEXEC = $(PREFIX)/libexec/bi
UNITS = $(PREFIX)/lib/systemd/system
COMPLETIONS = $(PREFIX)/share/bash-completion/completions
DOC = $(PREFIX)/share/doc/bi
PROGRAMS = source split fetch render serve status clean collect type thumb expand media parse api

# The libraries of each program beyond those of tools/lib, by their pkg-config names.
LIBS_source = libcurl
LIBS_split = libcurl
LIBS_fetch = zlib
LIBS_type = libmagic
LIBS_decode = vips libtiff-4 libraw cairo-ft fontconfig
LIBS_expand = libarchive uchardet
LIBS_collect = libarchive
LIBS_clean = libarchive libcurl
LIBS_media = gumbo libcurl
LIBS_parse = gumbo libcurl expat libarchive poppler-glib vips libtiff-4 libraw libavformat libavcodec libavutil uchardet libcmark-gfm gmime-3.0 cairo
LIBS_serve = libssl libcrypt
LIBS_expand_test = libarchive
LIBS_http_policy_test = libcurl
LIBS_httpdate_test = libcurl
LIBS_linked_data_test = libcurl
LIBS_url_test = libcurl
LIBS_archive = libarchive
LIBS_tiff = libtiff-4

ifeq ($(SANITIZE),thread)
BUILD = build/thread
BIN = $(BUILD)/bin
FLAGS_mode = -O1 -fsanitize=thread -fno-omit-frame-pointer
else ifdef COVERAGE
BUILD = build/coverage
BIN = $(BUILD)/bin
FLAGS_mode = -O0 --coverage -fprofile-update=atomic
else ifdef SANITIZE
BUILD = build/sanitized
BIN = $(BUILD)/bin
FLAGS_mode = -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else ifdef FUZZ
BUILD = build/fuzz
BIN = $(BUILD)/bin
CC = clang
FLAGS_mode = -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer \
	-fprofile-instr-generate -fcoverage-mapping
else
BUILD = build
BIN = bin
FLAGS_mode = -O2 -D_FORTIFY_SOURCE=2
endif

# All cores, unless the caller said how many. Recipes that start scripts of ours do not hand this down to makes of theirs.
ifeq ($(filter -j% --jobserver%,$(shell printf %s "$$MAKEFLAGS")),)
MAKEFLAGS += -j$(shell nproc)
endif
unexport MAKEFLAGS

# Paths that make and the shell would take apart.
ifneq ($(shell pwd | grep '[][[:space:]"'"'"'\\#$$%&*();:<>?`|]'),)
$(error bi cannot be built in a directory whose path has a space or one of the characters ' " \ $$ % & * ( ) ; : < > ? ` | # [ ]: move this checkout, as with: mv "$(CURDIR)" /var/tmp/bi)
endif
$(foreach path,DESTDIR PREFIX DATA LIBEXEC UNITS COMPLETIONS DOC BUILD BIN,$(if $(word 2,$($(path))),$(error \
	$(path) is '$($(path))': a path with a space does not work here)))

ifndef FUZZ
CC = gcc
endif
CFLAGS = -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wformat=2
FLAGS = -std=c17 $(WARNINGS) $(FLAGS_mode) -fstack-protector-strong -fPIE -D_GNU_SOURCE \
	-DBI_VERSION='"$(VERSION)"' -Itools/lib $(LIB_CFLAGS)
LINK = -pie -Wl,-z,relro,-z,now -Wl,--as-needed

# The folders of tools/lib, an archive each, from the highest floor down: a folder uses those of lower floors only.
LIB_FOLDERS = html review notebook http pictures confined mail batch hosts records charsets files base
LIB = $(LIB_FOLDERS:%=$(BUILD)/lib/%.a)
BINARIES = $(BIN)/bi $(PROGRAMS:%=$(BIN)/bi-%)
# Parts of bi-parse, bi-expand and bi-thumb that load large libraries: a program each, which those start for files that
# need it.
HELPERS = $(PARSE_PROGRAMS) $(BIN)/helpers/bi-expand-mail $(BIN)/helpers/bi-thumb-decode
PARSE_PROGRAMS = $(addprefix $(BIN)/helpers/bi-parse-,$(PARSE_HELPERS))
PARSE_HELPERS = pdf mail picture av
UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/tests/%.t,$(wildcard tests/unit/*_test.c))
TEST_PROGRAMS = $(patsubst tests/integration/%.c,$(BUILD)/tests/%,$(wildcard tests/integration/*.c))
TEST_LIBRARIES = $(patsubst tests/preload/%.c,$(BUILD)/tests/%.so,$(wildcard tests/preload/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))
SOURCES = $(wildcard tools/*/*.c tools/*/*.h tools/*/*/*.c tools/*/*/*.h tests/unit/*.c \
	tests/unit/*.h tests/fuzz/*.c tests/fuzz/*.h tests/bench/*.c tests/integration/*.c tests/integration/*/*.c tests/integration/*/*.h tests/preload/*.c tests/coverage.c)

comma = ,

# One short line for each file, and what the command says about it in one piece. V=1 shows the commands.
# $(call run,VERB FILE,COMMAND)
ifdef V
run = $(2)
else
run = @echo '$(1)'; said=$$($(2) 2>&1) || { printf '%s\n' "$$said" >&2; exit 1; }; \
	[ -z "$$said" ] || printf '%s\n' "$$said" >&2
endif
compile_c = $(call run,CC $<,$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<)
link = $(call run,LD $@,$(CC) $(FLAGS_mode) $(LINK) $(LDFLAGS) -o $@ $(1))

.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all compile check check-long check-cluster coverage prove prove-quick demo screenshots bench bench-cluster bench-quick lint tidy \
	analyze objects format install uninstall deb check-package clean packages
all: $(BINARIES) $(HELPERS)

# The lists of packages that each goal needs beside those to build with. They are installed at the start, all at once.
# `make` alone is followed by a first pipeline. `make all` is for those who build only.
PACKAGES_make = run manual
PACKAGES_check = run test
PACKAGES_check-long = run test bench long prove
PACKAGES_check-cluster = run test cluster
PACKAGES_coverage = run test
PACKAGES_prove = run test prove fuzz lint
PACKAGES_prove-quick = run test prove fuzz
PACKAGES_demo = run manual demo
PACKAGES_screenshots = run demo test
PACKAGES_bench = run test bench
PACKAGES_bench-cluster = run test bench
PACKAGES_bench-quick = run test bench
PACKAGES_lint = run test lint
PACKAGES_tidy = lint
PACKAGES_analyze = lint
PACKAGES_deb = deb
PACKAGES_check-package = deb
PACKAGES = $(sort build $(foreach goal,$(or $(MAKECMDGOALS),make),$(PACKAGES_$(goal))))

# What the compiler needs to know of the installed libraries. Made first: it installs what is missing.
ifeq ($(filter clean format uninstall,$(MAKECMDGOALS)),)
include build/config.mk
endif

build/config.mk: share/packages/build share/packages/install Makefile
	@share/packages/install $(PACKAGES)
	@mkdir -p $(@D)
	@set -e; rm -f $@; flags() { value=$$(pkg-config "$$2" $$3) && echo "$$1 = $$value$$4"; }; { \
	flags LIB_CFLAGS --cflags json-c; \
	flags LIB_LIBS --libs 'json-c libcrypto libseccomp' ' -lm -pthread'; \
	for l in $(sort $(LIBS_source) $(LIBS_fetch) $(LIBS_serve) $(LIBS_type) $(LIBS_decode) $(LIBS_expand) $(LIBS_media) $(LIBS_parse) cmocka); do \
	flags CFLAGS_$$l --cflags $$l; flags LIBS_$$l --libs $$l; done; } >$@.new
	@mv $@.new $@

# Before anything is compiled for a goal that needs more than the compiler.
packages:
	@share/packages/install $(PACKAGES)
ifneq ($(PACKAGES),build)
FIRST = packages
endif

# What they have in common to read pages with.
$(call objects,tools/lib/html/*.c): FLAGS += $(CFLAGS_gumbo) $(CFLAGS_libcurl)

# What tells character sets.
$(call objects,tools/lib/charsets/*.c): FLAGS += $(CFLAGS_uchardet)

# What reads mails.
$(call objects,tools/lib/mail/*.c): FLAGS += $(CFLAGS_gmime-3.0)

# What opens pictures.
$(call objects,tools/lib/pictures/*.c): FLAGS += $(CFLAGS_vips) $(CFLAGS_libtiff-4) $(CFLAGS_libraw)

define folder
$(BUILD)/lib/$(1).a: $(call objects,tools/lib/$(1)/*.c)
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call run,AR $$@,ar rcs $$@ $$^)
endef
$(foreach f,$(LIB_FOLDERS),$(eval $(call folder,$(f))))

define program
$(BIN)/bi-$(1): $(call objects,tools/$(1)/*.c) $(LIB)
	@mkdir -p $$(@D)
	$$(call link,$$^ $$(foreach l,$$(LIBS_$(1)),$$(LIBS_$$(l))) $$(LIB_LIBS))
$(call objects,tools/$(1)/*.c): FLAGS += $$(foreach l,$$(LIBS_$(1)),$$(CFLAGS_$$(l)))
endef
$(foreach p,$(filter-out parse,$(PROGRAMS)),$(eval $(call program,$(p))))

# The parts of bi-parse are an archive, of which each of its programs gets what it needs. pdf_charmaps.c replaces fopen(),
# for poppler only.
PARSE = $(BUILD)/lib/parse.a
PARSE_OBJECTS = $(call objects,tools/parse/*.c tools/parse/*/*.c)
PARSE_LIBS = $(foreach l,$(LIBS_parse),$(LIBS_$(l))) $(LIB_LIBS)
$(PARSE_OBJECTS): FLAGS += -Itools/parse $(foreach l,$(LIBS_parse),$(CFLAGS_$(l)))
$(PARSE): $(filter-out %/main.o %/pdf_charmaps.o,$(PARSE_OBJECTS))
	@mkdir -p $(@D)
	@rm -f $@
	$(call run,AR $@,ar rcs $@ $^)
$(BIN)/bi-parse: $(BUILD)/tools/parse/main.o $(PARSE) $(LIB)
	@mkdir -p $(@D)
	$(call link,$^ $(PARSE_LIBS))
$(BIN)/helpers/bi-parse-pdf: $(BUILD)/tools/parse/pdf/pdf_charmaps.o
$(PARSE_PROGRAMS): $(BIN)/helpers/bi-parse-%: $(BUILD)/tools/parse/%/main.o $(PARSE) $(LIB)
	@mkdir -p $(@D)
	$(call link,$^ $(PARSE_LIBS))
# The part of bi-expand that reads mails.
$(call objects,tools/expand/mail/*.c): FLAGS += -Itools/expand $(CFLAGS_gmime-3.0)
$(BIN)/helpers/bi-expand-mail: $(call objects,tools/expand/mail/*.c tools/expand/packets.c) $(LIB)
	@mkdir -p $(@D)
	$(call link,$^ $(LIBS_gmime-3.0) $(LIB_LIBS))
# The part of bi-thumb that decodes pictures.
THUMB_DECODE = $(call objects,tools/thumb/decode/*.c)
$(THUMB_DECODE): FLAGS += $(foreach l,$(LIBS_decode),$(CFLAGS_$(l)))
$(BIN)/helpers/bi-thumb-decode: $(THUMB_DECODE) $(LIB)
	@mkdir -p $(@D)
	$(call link,$^ $(foreach l,$(LIBS_decode),$(LIBS_$(l))) $(LIB_LIBS))
# bi-fetch loads libcurl itself, when something is to be fetched.
$(call objects,tools/fetch/*.c): FLAGS += $(CFLAGS_libcurl)

# The command that runs them: its list of them is made of their manual pages.
$(BIN)/bi: $(call objects,tools/bi/*.c) $(LIB)
	@mkdir -p $(@D)
	$(call link,$^ $(LIB_LIBS))
$(BUILD)/tools/bi/main.o: FLAGS += -I$(BUILD)/tools/bi
$(BUILD)/tools/bi/main.o: $(BUILD)/tools/bi/pages.h
$(BUILD)/tools/bi/pages.h: tools/bi/pages $(wildcard man/*.[1-8])
	@mkdir -p $(@D)
	@tools/bi/pages man >$@.new && mv $@.new $@

$(addprefix $(BUILD)/,tools/lib/hosts/http_policy.o tools/lib/hosts/httpdate.o tests/unit/http_policy_test.o tests/unit/url_test.o): FLAGS += $(CFLAGS_libcurl)

$(BUILD)/%.o: %.c Makefile | $(FIRST)
	@mkdir -p $(@D)
	$(compile_c)

$(BUILD)/tests/%.t: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(call link,$(filter-out $(PARSE) $(LIB),$^) $(filter $(PARSE),$^) $(LIB) $(foreach l,$(LIBS_$*),$(LIBS_$(l))) $(LIBS_cmocka) $(LIB_LIBS))

# What happens between two looks at a lease's owner is the test's to say.
$(BUILD)/tests/lease_test.t: LINK += -Wl,--wrap=lock_owner,--wrap=pidfd_open
# The same between a part and its lock, on a file system that has no nameless files.
$(BUILD)/tests/atomic_file_test.t: LINK += -Wl,--wrap=openat,--wrap=lock_try
# The head of a table that cannot be written, and a new table that cannot be opened.
$(BUILD)/tests/batch_keys_test.t: LINK += -Wl,--wrap=openat,--wrap=pwrite

# The tests of the parts of bi-parse have these.
PARSE_TESTS = $(addprefix $(BUILD)/tests/,extract_test.t answer_test.t main_text_test.t main_text_parts_test.t markdown_test.t)
LIBS_extract_test = $(LIBS_parse)
LIBS_answer_test = $(LIBS_parse)
LIBS_main_text_test = $(LIBS_parse)
LIBS_main_text_parts_test = $(LIBS_parse)
LIBS_markdown_test = $(LIBS_parse)
$(PARSE_TESTS): $(PARSE)
$(PARSE_TESTS:$(BUILD)/tests/%.t=$(BUILD)/tests/unit/%.o): FLAGS += -Itools/parse $(CFLAGS_gumbo) $(CFLAGS_libcurl)

# The test of the documents that clients follow has those.
$(BUILD)/tests/overview_stream_test.t: $(call objects,$(addprefix tools/api/,overview_stream.c stream_source.c status_document.c batch_status.c review_thumbs.c))
$(BUILD)/tests/unit/overview_stream_test.o: FLAGS += -Itools/api

# The test of the status of one batch has that.
$(BUILD)/tests/batch_status_test.t: $(BUILD)/tools/api/batch_status.o $(BUILD)/tools/api/review_thumbs.o
$(BUILD)/tests/unit/batch_status_test.o: FLAGS += -Itools/api

# The test of libcurl's handles has those.
$(BUILD)/tests/multi_test.t: $(BUILD)/tools/fetch/multi.o
$(BUILD)/tests/unit/multi_test.o: FLAGS += -Itools/fetch $(CFLAGS_libcurl)
LIBS_multi_test = libcurl

# The test of the threads that write pieces has them, and decides whether they start and when they go on.
$(BUILD)/tests/piece_writer_test.t: $(BUILD)/tools/fetch/piece_writer.o
$(BUILD)/tests/piece_writer_test.t: LINK += -Wl,--wrap=pthread_create,--wrap=pthread_cond_wait,--wrap=file_write_at
$(BUILD)/tests/unit/piece_writer_test.o: FLAGS += -Itools/fetch

# The test of the document of all batches has that, and says which there are.
$(BUILD)/tests/status_document_test.t: $(call objects,tools/api/status_document.c tools/api/batch_status.c tools/api/review_thumbs.c)
$(BUILD)/tests/status_document_test.t: LINK += -Wl,--wrap=batch_each
$(BUILD)/tests/unit/status_document_test.o: FLAGS += -Itools/api

# The test of what bi-render finds to be alike has that.
$(BUILD)/tests/near_duplicates_test.t: $(BUILD)/tools/render/near_duplicates.o
$(BUILD)/tests/unit/near_duplicates_test.o: FLAGS += -Itools/render

# The targets for libFuzzer: one program has them all. With FUZZ=1 libFuzzer runs them; a unit test has each of them
# read what is in tests/fuzz/found and tests/fuzz/seeds.
FUZZ_API = query reply submission urls
FUZZ_OBJECTS = $(call objects,tests/fuzz/*.c)
FUZZ_TESTED = $(call objects,$(addprefix tools/,$(FUZZ_API:%=api/%.c) fetch/http_answer.c)) $(PARSE)
LIBS_fuzz_test = $(LIBS_parse)
$(BUILD)/tests/fuzz_test.t: $(FUZZ_OBJECTS) $(FUZZ_TESTED)
$(BUILD)/tests/fuzz_test.t: LINK += -Wl,--wrap=exit
$(FUZZ_OBJECTS): FLAGS += -Itools/parse $(CFLAGS_gumbo) $(CFLAGS_libcurl) $(foreach l,$(LIBS_parse),$(CFLAGS_$(l)))
$(BUILD)/tests/unit/fuzz_test.o: FLAGS += -Itests/fuzz
$(BUILD)/fuzzer: $(FUZZ_OBJECTS) $(FUZZ_TESTED) $(LIB)
	@mkdir -p $(@D)
	$(call link,-fsanitize=fuzzer -Wl$(comma)--wrap=exit $(filter %.o,$^) $(PARSE) $(LIB) $(PARSE_LIBS))

# What the integration tests start beside the programs: origin, hold... One of several files has the others in a
# folder of its name.
$(foreach t,$(TEST_PROGRAMS),$(eval $(t): $(call objects,tests/integration/$(notdir $(t))/*.c)))
$(BUILD)/tests/wiki $(BUILD)/tests/origin: $(call objects,tests/integration/server/*.c)
$(TEST_PROGRAMS): $(BUILD)/tests/%: $(BUILD)/tests/integration/%.o $(LIB)
	@mkdir -p $(@D)
	$(call link,$^ $(foreach l,$(LIBS_$*),$(LIBS_$(l))) $(LIB_LIBS))

# What the integration tests have preloaded into a program.
$(TEST_LIBRARIES): $(BUILD)/tests/%.so: tests/preload/%.c Makefile
	@mkdir -p $(@D)
	$(call run,LD $@,$(CC) $(filter-out -fPIE -D_FORTIFY_SOURCE=2,$(FLAGS)) $(CFLAGS) -fPIC -shared -o $@ $<)

# The least that a fetcher can do, for the bench to compare with.
$(BUILD)/tests/bench/minimal.o: FLAGS += $(CFLAGS_libcurl)
$(BUILD)/tests/bench/minimal: $(BUILD)/tests/bench/minimal.o
	$(call link,$^ $(LIBS_libcurl))
BENCH_PROGRAMS = $(BUILD)/tests/bench/minimal $(BUILD)/tests/bench/sink $(BUILD)/tests/hold $(BUILD)/tests/origin

# The least that can be done with an upload.
$(BUILD)/tests/bench/sink: $(BUILD)/tests/bench/sink.o
	$(call link,$^)

# What the programs for coverage have beside: tests/coverage.c says what for.
ifdef COVERAGE
export GCOV_ERROR_FILE = $(abspath $(BUILD))/gcov.errors
COUNTING = $(BUILD)/tests/coverage.o
$(COUNTING): FLAGS_mode = -O1
$(BINARIES) $(HELPERS): LINK += -Wl,--wrap=confine_process
$(BINARIES) $(HELPERS) $(UNIT_TESTS) $(TEST_PROGRAMS): LINK += -Wl,--wrap=_exit $(COUNTING)
$(BINARIES) $(HELPERS) $(UNIT_TESTS) $(TEST_PROGRAMS): | $(COUNTING)
$(BUILD)/tools/lib/confined/helper.o: FLAGS += -Dkill=kill_after_counts
endif

# All that is compiled, with nothing run: tests/lint calls it with each compiler.
compile: all $(UNIT_TESTS) $(TEST_PROGRAMS) $(TEST_LIBRARIES) $(BUILD)/tests/bench/minimal $(BUILD)/tests/bench/sink

# TESTS has words: only the files whose path has one of them.
TESTS =
check: all $(UNIT_TESTS) $(TEST_PROGRAMS) $(TEST_LIBRARIES) | packages
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) SANITIZE=$(SANITIZE) COVERAGE=$(COVERAGE) tests/run $(TESTS)

# The share of the lines of tools/ that the tests run, whatever becomes of the tests. With TESTS it adds to the counts
# that are there.
coverage: | packages
	$(if $(TESTS),,-find build/coverage '(' -name '*.gcda' -o -name gcov.errors ')' -delete)
	-$(MAKE) check COVERAGE=1 TESTS='$(TESTS)'
	tests/coverage build/coverage

# What takes long by nature, and tests in larger sizes.
check-long: all $(UNIT_TESTS) $(TEST_PROGRAMS) $(TEST_LIBRARIES) $(BUILD)/tests/bench/minimal \
		$(BUILD)/tests/bench/sink | packages
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) SANITIZE=$(SANITIZE) tests/run --long
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/prove/run --quick full confinement ssrf

# A list on several machines, by the scripts of share/cluster, with schedulers that run on this one.
check-cluster: all $(BUILD)/tests/origin | packages
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) SANITIZE=$(SANITIZE) tests/run --cluster $(TESTS)

# Attacks of many kinds (tests/prove), in an hour, or in ten minutes; as root nothing is skipped. PARTS has the parts to run.
PARTS =
prove prove-quick: all $(TEST_PROGRAMS) $(TEST_LIBRARIES) | packages
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/prove/run $(if $(findstring quick,$@),--quick) $(PARTS)

demo: all $(BUILD)/tests/wiki | packages
	@BI_WIKI=$(abspath $(BUILD)/tests/wiki) share/examples/demo

# Pictures of the pages, of which README.md shows some.
SCREENSHOTS = build/screenshots
screenshots: all | packages
	cd tests/browser && npm ci --prefer-offline --loglevel=error
	BI_BIN=$(abspath $(BIN)) BI_SHARE=$(abspath share) tests/browser/screenshots.mjs $(abspath $(SCREENSHOTS))

# BENCH has the parts to run; all of them run, whatever becomes of one. The figures go into bi-performance(7).
BENCH = run curves pictures upload api parse documents
bench: all $(BENCH_PROGRAMS) | packages
	@mkdir -p build/bench; status=0; for part in $(BENCH); do \
		case $$part in run | curves) rows='-o build/bench/rows' ;; documents) rows=man/bi-performance.7 ;; *) rows= ;; esac; \
		BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/bench/$$part $$rows || status=1; done; \
	[ ! -e build/bench/rows ] || tests/bench/page build/bench/rows man/bi-performance.7 build/bench/curves.svg || status=1; \
	$(MAKE) bench-cluster || status=1; exit $$status

# The simulation of machines, with the costs that tests/bench/cluster-costs measured: its figures in bi-cluster(7), and a plot.
bench-cluster: | packages
	@mkdir -p build/bench
	{ cat tests/bench/cluster.costs && tests/bench/cluster tests/bench/cluster.costs; } >build/bench/cluster
	tests/bench/page build/bench/cluster man/bi-cluster.7 build/bench/cluster.svg

# What the changes since the kept baseline did to the costs that hardly depend on the machine.
bench-quick: all $(BENCH_PROGRAMS) | packages
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/bench/quick

lint: compile | packages
	tests/lint

# What analyzers say of tools/, each in the compiler's place: `tidy` takes two minutes, and is a part of lint; `analyze`
# follows each path, which takes 40 minutes of one processor. Both look again only at what has changed.
tidy analyze: | packages
	$(MAKE) -k BUILD=build/$@ CC='tests/static/cc $@' objects
objects: $(call objects,tools/*/*.c tools/*/*/*.c)

format:
	clang-format -i $(SOURCES)

MANUALS = $(wildcard man/*.[1-8])
manual_path = $(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(DATA) $(DESTDIR)$(UNITS) $(DESTDIR)$(COMPLETIONS)
	install $(BINARIES) $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(LIBEXEC)
	install $(HELPERS) $(DESTDIR)$(LIBEXEC)
	cp -R $(wildcard share/review share/api share/serve share/source share/export share/parse share/hosts.conf share/licences share/examples share/cluster) $(DESTDIR)$(DATA)
	rm $(DESTDIR)$(DATA)/examples/demo $(DESTDIR)$(DATA)/examples/pictures
	$(foreach page,$(MANUALS),install -D -m 644 $(page) $(call manual_path,$(page)) &&) true
	install -D -m 644 -t $(DESTDIR)$(DOC) README.md
	for unit in share/systemd/*; do \
		sed "s|@BINDIR@|$(PREFIX)/bin|" $$unit >$(DESTDIR)$(UNITS)/$${unit##*/}; done
	share/completions/generate $(BINARIES) >$(DESTDIR)$(COMPLETIONS)/bi
	for program in $(PROGRAMS); do ln -sf bi $(DESTDIR)$(COMPLETIONS)/bi-$$program; done

# What install made, with the same DESTDIR and PREFIX. Batches stay: they are in the roots of those who made them.
uninstall:
	rm -f $(BINARIES:$(BIN)/%=$(DESTDIR)$(PREFIX)/bin/%) $(foreach page,$(MANUALS),$(call manual_path,$(page))) \
		$(patsubst share/systemd/%,$(DESTDIR)$(UNITS)/%,$(wildcard share/systemd/*)) \
		$(addprefix $(DESTDIR)$(COMPLETIONS)/,bi $(PROGRAMS:%=bi-%))
	rm -rf $(DESTDIR)$(DATA) $(DESTDIR)$(DOC) $(DESTDIR)$(LIBEXEC)
	for dir in $(dir $(LIBEXEC)) $(UNITS) $(dir $(UNITS)) $(COMPLETIONS) $(dir $(COMPLETIONS)) \
		$(addprefix $(PREFIX)/share/man/man,$(sort $(subst .,,$(suffix $(MANUALS))))); do \
		[ ! -d $(DESTDIR)$$dir ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$$dir; done

deb: | packages
	@share/debian/make $(VERSION) build/deb

# The package in a clean chroot, as root, by sudo where that is needed.
check-package: deb compile
	prove --comments --failures --exec "$$([ "$$(id -u)" = 0 ] || command -v sudo)" \
		tests/package :: build/deb/bi_$(VERSION)_*.deb

clean:
	rm -rf build bin/bi bin/helpers $(PROGRAMS:%=bin/bi-%)

-include $(shell find $(BUILD)/tools $(BUILD)/tests -name '*.d' 2>/dev/null)
