# SPDX-License-Identifier: Apache-2.0
# One hand-written makefile. configure finds compiler and libraries and writes build/config.mk.
#
#   make                 the binary, the libraries
#   make check           lint, unit tests, cases, scenarios, crash test, package
#   make check-asan      unit tests and scenarios under AddressSanitizer and UBSan; check-tsan: ThreadSanitizer
#   make check-mutants   each promise's test must fail when the promise is broken on purpose
#   make bench           the figures, as a table and as build/bench.json
#   make bench-regress   has the engine become slower? in memory, beside tests/bench/baseline.json; UPDATE=1 writes that
#   make fuzz            every target in tests/fuzz for FUZZ_SECONDS each (clang; FUZZER=afl: AFL++)
#   make coverage        what the tests reach
#   make lint format install uninstall dist clean
#
#   CC=clang | SANITIZE=address,undefined | SANITIZE=thread | MUTANT=1   a build folder of its own for each
#   DEVELOPER=1          warnings are errors
#   V=1                  shows the commands

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

NO_CONFIG := clean distclean format
ifneq ($(filter-out $(NO_CONFIG),$(or $(MAKECMDGOALS),all)),)
include build/config.mk
endif

Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

configure: configure.ac
	$(call say,CONF,$@)
	$(Q)autoconf -o $@ $<
build/config.mk: configure config.mk.in
	@mkdir -p build
	$(Q)./configure $(if $(V),,--quiet) $(CONFIGURE_FLAGS)

# ---- how to compile -------------------------------------------------------------------------------------------------
SANITIZE  ?=
DEVELOPER ?=
MUTANT    ?=
COVERAGE  ?=
comma     := ,
CC_NAME   := $(notdir $(firstword $(CC)))
VARIANT   := $(CC_NAME)$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(MUTANT),-mutant$(MUTANT))$(if $(COVERAGE),-coverage)
B         := build/$(VARIANT)

OPT       ?= -O2
WARNINGS  := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
             -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla
HARDEN    := -fstack-protector-strong -fPIC $(if $(filter x86_64 i%86,$(HOST_CPU)),-fcf-protection)
ifeq ($(SANITIZE)$(COVERAGE),)
HARDEN    += -D_FORTIFY_SOURCE=2
endif
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE $(OPT) -g $(WARNINGS) $(if $(DEVELOPER),-Werror) $(HARDEN) \
              -Iinclude -iquote src -iquote $(B)/gen -DAFF_VERSION_STRING='"$(VERSION)"' -pthread \
              $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer) \
              $(if $(MUTANT),-DAFF_MUTANT_$(MUTANT)) $(if $(COVERAGE),--coverage -O0) $(LIB_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(if $(COVERAGE),--coverage) \
              -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)
LIB_CFLAGS  = $(CRYPTO_CFLAGS) $(SSL_CFLAGS) $(SQLITE_CFLAGS) $(YAML_CFLAGS) $(ZSTD_CFLAGS) $(PCRE_CFLAGS) $(LUA_CFLAGS) \
              $(CURL_CFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS) $(XML_CFLAGS)
AFFLIB_LIBS = $(CRYPTO_LIBS) $(PCRE_LIBS) $(LUA_LIBS) $(XML_LIBS) -lm
ENGINE_LIBS = $(SSL_LIBS) $(SQLITE_LIBS) $(YAML_LIBS) $(ZSTD_LIBS) $(CURL_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS) $(AFFLIB_LIBS)

# ---- what to compile ------------------------------------------------------------------------------------------------
LIB_DIRS  := base schema hl7 terms rules profile validate fhir
ENG_DIRS  := sys journal net conf engine engine/in engine/out admin
LIB_SRC   := $(sort $(foreach d,$(LIB_DIRS),$(wildcard src/$(d)/*.c)))
ENG_SRC   := $(sort $(foreach d,$(ENG_DIRS),$(wildcard src/$(d)/*.c)))
CLI_SRC   := $(sort $(wildcard src/cli/*.c))
LIB_OBJ   := $(LIB_SRC:%.c=$(B)/%.o)
ENG_OBJ   := $(ENG_SRC:%.c=$(B)/%.o)
CLI_OBJ   := $(CLI_SRC:%.c=$(B)/%.o)
TEST_SRC  := $(sort $(wildcard tests/unit/test_*.c))
TESTS     := $(TEST_SRC:tests/unit/%.c=$(B)/tests/%)
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))
BENCHES   := $(addprefix $(B)/bench/,load sink commit lib journal table)
CRASHERS  := $(addprefix $(B)/crash/,journal_crash journal_cut pending)
FUZZ_SRC  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZERS   := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/%)
REPLAYERS := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/replay/%)
HEADERS   := $(sort $(wildcard include/afferent/*.h include/afferent/*.def))

SOVERSION := 0
STATIC    := $(B)/libafferent.a
SHARED    := $(B)/libafferent.so.$(SOVERSION)
ENGINE_A  := $(B)/libengine.a
CLI_A     := $(B)/libcli.a

GENERATED :=
include src/terms/generate.mk
include src/schema/generate.mk

SCHEMAS   := $(addprefix $(B)/schema/,engine.json channel.json mapping.json profile.json)

all: $(B)/afferent $(STATIC) $(SHARED) $(B)/afferent.pc

$(B)/%.o: %.c build/config.mk $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(STATIC): $(LIB_OBJ)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJ)
$(ENGINE_A): $(ENG_OBJ)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(ENG_OBJ)
$(CLI_A): $(CLI_OBJ)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(filter-out %/main.o,$(CLI_OBJ))
$(SHARED): $(LIB_OBJ) src/libafferent.map
	$(call say,LINK,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(@F) -Wl,--version-script=src/libafferent.map $(LIB_OBJ) $(ALL_LDFLAGS) $(AFFLIB_LIBS) -o $@
$(B)/afferent: $(CLI_OBJ) $(ENGINE_A) $(STATIC)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -pie $(CLI_OBJ) $(ENGINE_A) $(STATIC) $(ALL_LDFLAGS) $(ENGINE_LIBS) -o $@
$(B)/afferent.pc: afferent.pc.in build/config.mk
	@mkdir -p $(@D)
	$(Q)sed -e 's|@VERSION@|$(VERSION)|;s|@prefix@|$(prefix)|;s|@libdir@|$(libdir)|;s|@includedir@|$(includedir)|' $< > $@

# ---- tests ----------------------------------------------------------------------------------------------------------
# Check may have been installed after configure ran.
CHECK_LIBS   := $(or $(CHECK_LIBS),$(shell pkg-config --libs check 2>/dev/null))
CHECK_CFLAGS := $(or $(CHECK_CFLAGS),$(shell pkg-config --cflags check 2>/dev/null))

# tests/run runs parts one after the other, none hides another, and counts: "N passed, N failed".
$(B)/tests/test_conf_memory: LDFLAGS += $(foreach f,malloc calloc realloc strdup strndup,-Wl,--wrap=$(f))
$(B)/tests/%: tests/unit/%.c $(CLI_A) $(ENGINE_A) $(STATIC) build/config.mk
	@mkdir -p $(@D)
	$(call say,TEST,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(CHECK_CFLAGS) -MMD -MP -Itests/unit $< $(CLI_A) $(ENGINE_A) $(STATIC) $(ALL_LDFLAGS) $(ENGINE_LIBS) $(CHECK_LIBS) -o $@

RUN       = tests/run --build $(B) --make '$(MAKE)'
ASAN      := SANITIZE=address,undefined
TSAN      := SANITIZE=thread

$(B)/crash/%: tests/crash/%.c $(ENGINE_A) $(STATIC) build/config.mk
	@mkdir -p $(@D)
	$(call say,TEST,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(ENGINE_A) $(STATIC) $(ALL_LDFLAGS) $(ENGINE_LIBS) -o $@

tests: all $(TESTS) $(CRASHERS) $(REPLAYERS)
# A test that does not compile must not hide the others: it is missing from the build folder and tests/run says so.
tests-most:
	-@$(MAKE) -k tests
check-unit: $(TESTS)
	@$(RUN) unit
check-fuzz: $(REPLAYERS)
	@$(RUN) fuzz
check-scenario: all
	@$(RUN) scenario
check: tests-most
	@$(RUN) lint unit fuzz cases scenario crash package
check-variant: tests-most
	@$(RUN) unit fuzz cases scenario
check-asan:
	@$(MAKE) $(ASAN) check-variant
check-tsan:
	@$(MAKE) $(TSAN) check-variant
check-mutants:
	@$(RUN) mutants
lint: all
	@$(RUN) lint

# The explicit list of what libafferent exports, from the public headers.
symbols:
	tests/lint/symbols.sh --write

format:
	clang-format -i $$(find include src tests -name '*.[ch]')

coverage:
	@$(MAKE) COVERAGE=1 tests-most
	@find build/$(VARIANT)-coverage -name '*.gcda' -delete
	@$(MAKE) COVERAGE=1 coverage-report
coverage-report:
	-@$(RUN) unit cases scenario
	@tests/coverage.sh $(B)

# ---- fuzzing --------------------------------------------------------------------------------------------------------
# A target links libafferent alone, but for the one that reads configurations.
FUZZER        ?= libfuzzer
FUZZ_SECONDS  ?= 20
FUZZ_SANITIZE := address,undefined
FUZZ_CC       := $(if $(filter afl,$(FUZZER)),afl-clang-fast,clang)
FUZZ_EXTRA    := $(if $(filter afl,$(FUZZER)),,fuzzer-no-link$(comma))
fuzz:
	@$(MAKE) CC=$(FUZZ_CC) SANITIZE=$(FUZZ_EXTRA)$(FUZZ_SANITIZE) fuzz-run
fuzz-run: $(FUZZERS)
	@tests/fuzz.sh $(FUZZER) $(FUZZ_SECONDS) $(FUZZERS)
FUZZ_LIBS = $(STATIC) $(ALL_LDFLAGS) $(AFFLIB_LIBS)
$(B)/fuzz/fuzz_conf $(B)/replay/fuzz_conf: FUZZ_LIBS = $(ENGINE_A) $(STATIC) $(ALL_LDFLAGS) $(ENGINE_LIBS)
$(B)/fuzz/fuzz_conf $(B)/replay/fuzz_conf: $(ENGINE_A)
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(STATIC)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $< -fsanitize=fuzzer $(FUZZ_LIBS) -o $@
$(B)/replay/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(STATIC)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(filter %.o,$^) $(FUZZ_LIBS) -o $@

# ---- figures --------------------------------------------------------------------------------------------------------
ROUNDS ?= 3
bench: all $(BENCHES) $(B)/crash/pending
	@tests/bench/bench.py --build $(B) --rounds $(ROUNDS) --json build/bench.json
bench-regress: all $(BENCHES) $(B)/bench/slow_sync.so
	@tests/bench/regress.py --build $(B) $(if $(UPDATE),--update)
$(B)/bench/slow_sync.so: tests/bench/slow_sync.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -shared $< $(ALL_LDFLAGS) -o $@
$(B)/bench/lib: BENCH_LDFLAGS := $(foreach f,malloc calloc realloc,-Wl,--wrap=$(f))
$(B)/bench/%: $(B)/tests/bench/%.o $(B)/tests/bench/util.o $(ENGINE_A) $(STATIC)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ $(BENCH_LDFLAGS) $(ALL_LDFLAGS) $(ENGINE_LIBS) -o $@

# ---- installing -----------------------------------------------------------------------------------------------------
INSTALL   ?= install
SHAREDIR  := $(datadir)/afferent
INCDIR    := $(includedir)/afferent
MAN_PAGES := $(sort $(wildcard man/*.[13578]))
# A page for each public header, made of it, and its functions as other names of the page.
MAN3      := $(patsubst include/afferent/%.h,$(B)/man3/afferent_%.3,$(filter %.h,$(HEADERS)))
NAMES3    := sed -nE -e 's/^[a-z].*[ *](aff_[a-z0-9_]+)\(.*/\1/p' -e 's/^extern const .*[ *](aff_[a-z0-9_]+);.*/\1/p'
MAN3_ALSO := $(patsubst %,%.3,$(sort $(shell $(NAMES3) $(filter %.h,$(HEADERS)))))
CASES     := $(sort $(wildcard channels/*.cases/*))
DATA      := $(sort $(wildcard channels/*.yaml channels/*.cases/*/* mappings/* examples/*.* examples/c/* examples/profiles/*))
DOCS      := $(wildcard LICENSE NOTICE README.md CHANGELOG.md)
SO_FILE   := libafferent.so.$(VERSION)

# What install writes and uninstall removes.
INSTALLED  = $(bindir)/afferent $(libdir)/libafferent.a $(libdir)/$(SO_FILE) $(libdir)/libafferent.so.$(SOVERSION) \
             $(libdir)/libafferent.so $(libdir)/pkgconfig/afferent.pc $(HEADERS:include/%=$(includedir)/%) \
             $(foreach m,$(MAN_PAGES) $(MAN3),$(mandir)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
             $(MAN3_ALSO:%=$(mandir)/man3/%) \
             $(SCHEMAS:$(B)/%=$(SHAREDIR)/%) $(DATA:%=$(SHAREDIR)/%) $(DOCS:%=$(docdir)/%)
OWN_DIRS   = $(CASES:%=$(SHAREDIR)/%) $(sort $(dir $(CASES:%=$(SHAREDIR)/%))) \
             $(SHAREDIR)/channels $(SHAREDIR)/mappings $(SHAREDIR)/examples/c $(SHAREDIR)/examples/profiles \
             $(SHAREDIR)/schema $(SHAREDIR)/examples $(SHAREDIR) $(INCDIR) $(docdir)

$(B)/man3/afferent_%.3: include/afferent/%.h man/man3.awk
	@mkdir -p $(@D)
	$(Q)awk -f man/man3.awk -v date="$$(sed -n 's/^\.Dd //p' man/libafferent.3)" $< > $@
man3: $(MAN3)
# For editors: made by the program itself, so that there is one place where the keys are.
$(B)/schema/%.json: $(B)/afferent
	@mkdir -p $(@D)
	$(call say,SCHEMA,$*)
	$(Q)$(B)/afferent check --schema $* > $@
schema: $(SCHEMAS)

install: all man3 schema
	@mkdir -p $(addprefix $(DESTDIR),$(sort $(dir $(INSTALLED))))
	$(call say,INSTALL,$(DESTDIR)$(prefix))
	$(Q)$(INSTALL) -m 755 $(B)/afferent $(DESTDIR)$(bindir)/afferent
	$(Q)$(INSTALL) -m 644 $(STATIC) $(DESTDIR)$(libdir)/libafferent.a
	$(Q)$(INSTALL) -m 755 $(SHARED) $(DESTDIR)$(libdir)/$(SO_FILE)
	$(Q)ln -sf $(SO_FILE) $(DESTDIR)$(libdir)/libafferent.so.$(SOVERSION)
	$(Q)ln -sf libafferent.so.$(SOVERSION) $(DESTDIR)$(libdir)/libafferent.so
	$(Q)$(INSTALL) -m 644 $(B)/afferent.pc $(DESTDIR)$(libdir)/pkgconfig/afferent.pc
	$(Q)$(INSTALL) -m 644 $(HEADERS) $(DESTDIR)$(INCDIR)/
	$(Q)set -e; for f in $(MAN_PAGES); do $(INSTALL) -m 644 $$f $(DESTDIR)$(mandir)/man$${f##*.}/; done
	$(Q)set -e; for f in $(MAN3); do $(INSTALL) -m 644 $$f $(DESTDIR)$(mandir)/man3/; base=$${f##*/afferent_}; \
		for name in $$($(NAMES3) include/afferent/$${base%.3}.h); do \
			ln -sf $${f##*/} $(DESTDIR)$(mandir)/man3/$$name.3; done; done
	$(Q)$(INSTALL) -m 644 $(SCHEMAS) $(DESTDIR)$(SHAREDIR)/schema/
	$(Q)set -e; for f in $(DATA); do $(INSTALL) -m 644 $$f $(DESTDIR)$(SHAREDIR)/$$f; done
	$(Q)$(INSTALL) -m 644 $(DOCS) $(DESTDIR)$(docdir)/
uninstall:
	$(call say,REMOVE,$(DESTDIR)$(prefix))
	$(Q)rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-@rmdir $(addprefix $(DESTDIR),$(OWN_DIRS)) 2>/dev/null || true

# A tarball with everything that is under version control (without git: with everything but what was built), and configure.
DIST      := afferent-$(VERSION)
DIST_LIST := git ls-files 2>/dev/null || find . -type f ! -path './build/*' ! -path './demo/*' ! -path './.git/*' ! -name '*.tar.gz' \
             ! -path './autom4te.cache/*' ! -name 'config.log' ! -name 'config.status' ! -name configure | sed 's,^\./,,'
dist: configure
	$(call say,DIST,$(DIST).tar.gz)
	$(Q){ $(DIST_LIST); echo configure; } | tar -czf $(DIST).tar.gz --transform 's,^,$(DIST)/,' --owner=0 --group=0 -T -

clean:
	rm -rf build
distclean: clean
	rm -rf configure autom4te.cache config.log config.status

-include $(LIB_OBJ:.o=.d) $(ENG_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TESTS:=.d) $(CRASHERS:=.d) $(BENCH_SRC:%.c=$(B)/%.d) \
         $(FUZZ_SRC:%.c=$(B)/%.d) $(B)/tests/fuzz/replay.d
.PHONY: all schema tests tests-most check check-unit check-fuzz check-scenario check-variant check-asan check-tsan check-mutants lint symbols \
        format man3 coverage coverage-report fuzz fuzz-run bench bench-regress install uninstall dist clean distclean
.SECONDARY:
