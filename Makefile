# SPDX-License-Identifier: Apache-2.0
# One hand-written makefile. configure finds compiler and libraries and writes build/config.mk.
#
#   make                 the binary, the libraries
#   make check           lint, unit tests, cases, scenarios
#   make SANITIZE=address,undefined | SANITIZE=thread   the same sources in a build folder of their own
#   make DEVELOPER=1     all warnings are errors

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

NO_CONFIG := clean distclean format
ifeq ($(filter $(NO_CONFIG),$(MAKECMDGOALS)),)
include build/config.mk
endif

configure: configure.ac
	autoconf -o $@ $<
build/config.mk: configure config.mk.in
	@mkdir -p build
	./configure $(CONFIGURE_FLAGS)

# ---- how to compile -------------------------------------------------------------------------------------------------
SANITIZE  ?=
DEVELOPER ?=
MUTANT    ?=
CC_NAME   := $(notdir $(firstword $(CC)))
VARIANT   := $(CC_NAME)$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(MUTANT),-mutant$(MUTANT))$(if $(COVERAGE),-coverage)
comma     := ,
B         := build/$(VARIANT)

OPT       ?= -O2
WARNINGS  := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
             -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla
HARDEN    := -fstack-protector-strong -fPIC -fcf-protection
ifeq ($(SANITIZE)$(COVERAGE),)
HARDEN    += -D_FORTIFY_SOURCE=2
endif
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE $(OPT) -g $(WARNINGS) $(if $(DEVELOPER),-Werror) $(HARDEN) \
              -Iinclude -iquote src -iquote $(B)/gen -DAFF_VERSION_STRING='"$(VERSION)"' -pthread \
              $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer) \
              $(if $(MUTANT),-DAFF_MUTANT_$(MUTANT)) $(if $(COVERAGE),--coverage -O0) $(LIB_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(if $(COVERAGE),--coverage) \
              -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)
LIB_CFLAGS  = $(CRYPTO_CFLAGS) $(SQLITE_CFLAGS) $(YAML_CFLAGS) $(ZSTD_CFLAGS) $(PCRE_CFLAGS) $(CURL_CFLAGS) \
              $(EVENT_CFLAGS) $(JANSSON_CFLAGS)
AFFLIB_LIBS = $(CRYPTO_LIBS) $(PCRE_LIBS)
ENGINE_LIBS = $(SQLITE_LIBS) $(YAML_LIBS) $(ZSTD_LIBS) $(CURL_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS) $(AFFLIB_LIBS)

# ---- what to compile ------------------------------------------------------------------------------------------------
LIB_DIRS := base hl7 terms validate rules fhir
ENG_DIRS := sys journal net conf engine admin
LIB_SRC  := $(sort $(foreach d,$(LIB_DIRS),$(wildcard src/$(d)/*.c)))
ENG_SRC  := $(sort $(foreach d,$(ENG_DIRS),$(wildcard src/$(d)/*.c)))
CLI_SRC  := $(sort $(wildcard src/cli/*.c))
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/%.o)
ENG_OBJ  := $(ENG_SRC:%.c=$(B)/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(B)/%.o)
TEST_SRC := $(sort $(wildcard tests/unit/test_*.c))
TESTS    := $(TEST_SRC:tests/unit/%.c=$(B)/tests/%)

SOVERSION := 0
STATIC    := $(B)/libafferent.a
SHARED    := $(B)/libafferent.so.$(SOVERSION)
ENGINE_A  := $(B)/libengine.a
CLI_A     := $(B)/libcli.a

GENERATED :=
include src/terms/generate.mk

all: $(B)/afferent $(STATIC) $(SHARED) $(B)/afferent.pc

$(B)/%.o: %.c build/config.mk $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(STATIC): $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $(LIB_OBJ)
$(ENGINE_A): $(ENG_OBJ)
	@rm -f $@
	$(AR) rcs $@ $(ENG_OBJ)
$(CLI_A): $(CLI_OBJ)
	@rm -f $@
	$(AR) rcs $@ $(filter-out %/main.o,$(CLI_OBJ))
$(SHARED): $(LIB_OBJ) src/libafferent.map
	$(CC) -shared -Wl,-soname,$(@F) -Wl,--version-script=src/libafferent.map $(LIB_OBJ) $(ALL_LDFLAGS) $(AFFLIB_LIBS) -o $@
$(B)/afferent: $(CLI_OBJ) $(ENGINE_A) $(STATIC)
	$(CC) $(ALL_CFLAGS) -pie $(CLI_OBJ) $(ENGINE_A) $(STATIC) $(ALL_LDFLAGS) $(ENGINE_LIBS) -o $@
$(B)/afferent.pc: afferent.pc.in build/config.mk
	sed -e 's|@VERSION@|$(VERSION)|;s|@prefix@|$(prefix)|;s|@libdir@|$(libdir)|;s|@includedir@|$(includedir)|' $< > $@

# ---- tests ----------------------------------------------------------------------------------------------------------
$(B)/tests/%: tests/unit/%.c $(CLI_A) $(ENGINE_A) $(STATIC) build/config.mk
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CHECK_CFLAGS) -MMD -MP -Itests/unit $< $(CLI_A) $(ENGINE_A) $(STATIC) $(ALL_LDFLAGS) $(ENGINE_LIBS) $(CHECK_LIBS) -o $@
check-unit: $(TESTS)
	@for t in $(TESTS); do ./$$t || exit 1; done
check: all check-unit

clean:
	rm -rf build
distclean: clean
	rm -rf configure autom4te.cache

-include $(LIB_OBJ:.o=.d) $(ENG_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TESTS:=.d)
.PHONY: all check check-unit clean distclean
