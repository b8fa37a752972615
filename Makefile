# bi: batches in isolation. `make demo` shows it, `make check` tests it; README.md has the rest.

VERSION = 0.1
PREFIX = /usr/local
DATA = $(PREFIX)/share/bi
UNITS = $(PREFIX)/lib/systemd/system
COMPLETIONS = $(PREFIX)/share/bash-completion/completions
PROGRAMS = source fetch render serve status clean collect type thumb expand media parse api

# The libraries of each program beyond those of tools/lib, by their pkg-config names.
LIBS_source = libcurl
LIBS_fetch = libcurl
LIBS_type = libmagic
LIBS_thumb = vips cairo-ft fontconfig
LIBS_expand = libarchive
LIBS_collect = libarchive
LIBS_clean = libarchive
LIBS_media = gumbo libcurl
LIBS_parse = gumbo libcurl expat libarchive poppler-glib vips libavformat libavcodec libavutil uchardet
LIBS_serve = libssl libcrypt
LIBS_expand_test = libarchive
LIBS_manners_test = libcurl
LIBS_url_test = libcurl
LIBS_archive = libarchive

ifdef SANITIZE
BUILD = build/sanitized
BIN = $(BUILD)/bin
FLAGS_mode = -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
BUILD = build
BIN = bin
FLAGS_mode = -O2 -D_FORTIFY_SOURCE=2
endif

CC = gcc
CFLAGS = -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wformat=2
FLAGS = -std=c17 $(WARNINGS) $(FLAGS_mode) -fstack-protector-strong -fPIE -D_GNU_SOURCE \
	-DBI_VERSION='"$(VERSION)"' -Itools/lib $(LIB_CFLAGS)
LINK = -pie -Wl,-z,relro,-z,now -Wl,--as-needed

LIB_SOURCES = $(wildcard tools/lib/*.c)
LIB = $(BUILD)/libbi.a
BINARIES = $(PROGRAMS:%=$(BIN)/bi-%)
UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/tests/%.t,$(wildcard tests/unit/*_test.c))
TEST_PROGRAMS = $(patsubst tests/integration/%.c,$(BUILD)/tests/%,$(wildcard tests/integration/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))
SOURCES = $(wildcard tools/*/*.c tools/*/*.h tests/unit/*.c tests/unit/*.h tests/bench/*.c tests/integration/*.c \
	tests/integration/*/*.c tests/integration/*/*.h)

.SECONDARY:
.PHONY: all compile check demo screenshots bench lint format install deb check-package clean
all: $(BINARIES)

# What the compiler needs to know of the installed libraries. Made first: it installs what is missing.
ifeq ($(filter clean format,$(MAKECMDGOALS)),)
include build/config.mk
endif

build/config.mk: share/packages/build share/packages/install Makefile
	@share/packages/install build
	@mkdir -p $(@D)
	@{ echo "LIB_CFLAGS = $$(pkg-config --cflags json-c)"; \
	echo "LIB_LIBS = $$(pkg-config --libs json-c libcrypto libseccomp) -lm -pthread"; \
	for l in $(sort $(LIBS_fetch) $(LIBS_serve) $(LIBS_type) $(LIBS_thumb) $(LIBS_expand) $(LIBS_media) $(LIBS_parse) cmocka); do \
	echo "CFLAGS_$$l = $$(pkg-config --cflags $$l)"; echo "LIBS_$$l = $$(pkg-config --libs $$l)"; done; } >$@.new
	@mv $@.new $@

# What they have in common to read pages with.
$(BUILD)/tools/lib/find.o $(BUILD)/tools/lib/tree.o $(BUILD)/tools/lib/url.o: FLAGS += $(CFLAGS_gumbo) $(CFLAGS_libcurl)

$(LIB): $(call objects,tools/lib/*.c)
	@rm -f $@
	ar rcs $@ $^

define program
$(BIN)/bi-$(1): $(call objects,tools/$(1)/*.c) $(LIB)
	@mkdir -p $$(@D)
	$$(CC) $$(FLAGS_mode) $$(LINK) $$(LDFLAGS) -o $$@ $$^ $$(foreach l,$$(LIBS_$(1)),$$(LIBS_$$(l))) $$(LIB_LIBS)
$(call objects,tools/$(1)/*.c): FLAGS += $$(foreach l,$$(LIBS_$(1)),$$(CFLAGS_$$(l)))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(BUILD)/tools/lib/manners.o $(BUILD)/tests/unit/manners_test.o $(BUILD)/tests/unit/url_test.o: FLAGS += $(CFLAGS_libcurl)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%.t: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(FLAGS_mode) $(LINK) $(LDFLAGS) -o $@ $(filter-out $(LIB),$^) $(LIB) $(foreach l,$(LIBS_$*),$(LIBS_$(l))) $(LIBS_cmocka) $(LIB_LIBS)

# The tests of the parts of bi-parse have these.
PARSE_TESTS = $(BUILD)/tests/extract_test.t $(BUILD)/tests/answer_test.t
LIBS_extract_test = $(LIBS_parse)
LIBS_answer_test = $(LIBS_parse)
$(PARSE_TESTS): $(filter-out %/main.o,$(call objects,tools/parse/*.c))
$(PARSE_TESTS:$(BUILD)/tests/%.t=$(BUILD)/tests/unit/%.o): FLAGS += -Itools/parse $(CFLAGS_gumbo) $(CFLAGS_libcurl)

# What the integration tests start beside the programs: origin, hold... One of several files has the others in a
# folder of its name.
$(foreach t,$(TEST_PROGRAMS),$(eval $(t): $(call objects,tests/integration/$(notdir $(t))/*.c)))
$(TEST_PROGRAMS): $(BUILD)/tests/%: $(BUILD)/tests/integration/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(FLAGS_mode) $(LINK) $(LDFLAGS) -o $@ $^ $(foreach l,$(LIBS_$*),$(LIBS_$(l))) $(LIB_LIBS)

# The least that a fetcher can do, for the bench to compare with.
$(BUILD)/tests/bench/minimal.o: FLAGS += $(CFLAGS_libcurl)
$(BUILD)/tests/bench/minimal: $(BUILD)/tests/bench/minimal.o
	$(CC) $(FLAGS_mode) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS_libcurl)

# All that is compiled, with nothing run: tests/lint calls it with each compiler.
compile: all $(UNIT_TESTS) $(TEST_PROGRAMS) $(BUILD)/tests/bench/minimal

check: all $(UNIT_TESTS) $(TEST_PROGRAMS)
	@share/packages/install run test
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) SANITIZE=$(SANITIZE) tests/run

demo: all $(BUILD)/tests/wiki
	@share/packages/install run demo
	@BI_WIKI=$(abspath $(BUILD)/tests/wiki) share/examples/demo

# Pictures of the pages, of which README.md shows some.
SCREENSHOTS = build/screenshots
screenshots: all
	@share/packages/install run demo test
	cd tests/browser && npm ci --prefer-offline --loglevel=error
	BI_BIN=$(abspath $(BIN)) BI_SHARE=$(abspath share) tests/browser/screenshots.mjs $(abspath $(SCREENSHOTS))

bench: all $(BUILD)/tests/bench/minimal $(BUILD)/tests/hold $(BUILD)/tests/origin
	@share/packages/install run test bench
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/bench/run
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/bench/pictures
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/bench/upload
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/bench/api
	BI_BIN=$(abspath $(BIN)) tests/bench/parse

lint: compile
	@share/packages/install run test lint
	tests/lint

format:
	clang-format -i $(SOURCES)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(DATA) $(DESTDIR)$(UNITS) $(DESTDIR)$(COMPLETIONS)
	install $(BINARIES) $(DESTDIR)$(PREFIX)/bin
	cp -R $(wildcard share/review share/serve share/source share/hosts.conf share/examples) $(DESTDIR)$(DATA)
	rm $(DESTDIR)$(DATA)/examples/demo $(DESTDIR)$(DATA)/examples/pictures
	for page in man/*.[1-8]; do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done
	for unit in share/systemd/*; do \
		sed "s|@BINDIR@|$(PREFIX)/bin|" $$unit >$(DESTDIR)$(UNITS)/$${unit##*/}; done
	share/completions/generate $(BINARIES) >$(DESTDIR)$(COMPLETIONS)/bi
	for program in $(PROGRAMS); do ln -sf bi $(DESTDIR)$(COMPLETIONS)/bi-$$program; done

deb:
	@share/packages/install build run deb
	share/debian/make $(VERSION) build/deb

# The package in a clean chroot, as root.
check-package: deb compile
	prove --comments --failures --exec '' tests/package :: build/deb/bi_$(VERSION)_*.deb

clean:
	rm -rf build $(PROGRAMS:%=bin/bi-%)

-include $(shell find $(BUILD)/tools $(BUILD)/tests -name '*.d' 2>/dev/null)
