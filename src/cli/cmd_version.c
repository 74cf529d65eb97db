/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent version: what this binary is and which libraries it found at run time. The one file that includes all of
 * their headers, and it takes nothing from them but their versions.
 */
#include <stdio.h>

#include <curl/curl.h>
#include <event2/event.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <yaml.h>
#include <zstd.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/json.h"
#include "base/number.h"
#include "cli/command.h"
#include "cli/option.h"
#include "cli/term.h"

#define PCRE2_VERSION_SIZE 64
#define LIBXML2_VERSION_SIZE 32

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZER "address"
#elif defined(__SANITIZE_THREAD__)
#define SANITIZER "thread"
#else
#define SANITIZER "none"
#endif
#ifdef __OPTIMIZE__
#define OPTIMISED "yes"
#else
#define OPTIMISED "no"
#endif

struct fact {
	const char *name, *value;
};
#define LIBRARIES 9
#define BUILD_FACTS 3

static const struct fact build[BUILD_FACTS] = {
	{"compiler", COMPILER},
	{"optimised", OPTIMISED},
	{"sanitizer", SANITIZER},
};

/* "10.42 2022-12-11" -> "10.42" */
static const char *pcre2_version(char buf[PCRE2_VERSION_SIZE])
{
	if (pcre2_config(PCRE2_CONFIG_VERSION, buf) < 0)
		return "?";
	buf[strcspn(buf, " ")] = '\0';
	return buf;
}

/* "20914" -> "2.9.14" */
static const char *libxml2_version(char buf[LIBXML2_VERSION_SIZE])
{
	uint64_t n = 0;
	size_t digits = strspn(xmlParserVersion, "0123456789");
	if (number_u64(aff_view(xmlParserVersion, digits), 999999, &n))
		return "?";
	snprintf(buf, LIBXML2_VERSION_SIZE, "%u.%u.%u", (unsigned)n / 10000, (unsigned)n / 100 % 100,
	         (unsigned)n % 100);
	return buf;
}

static void print_json(const struct fact *libraries)
{
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, 1 << 16);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "version", aff_version());
	jsonw_object(&j, "build");
	for (size_t i = 0; i < BUILD_FACTS; i++)
		jsonw_text(&j, build[i].name, build[i].value);
	jsonw_object_end(&j);
	jsonw_object(&j, "libraries");
	for (size_t i = 0; i < LIBRARIES; i++)
		jsonw_text(&j, libraries[i].name, libraries[i].value);
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	printf("%.*s\n", (int)out.n, out.p);
	aff_buf_free(&out);
}

static void print_text(const struct fact *libraries)
{
	printf("afferent %s\n\nbuild\n", aff_version());
	for (size_t i = 0; i < BUILD_FACTS; i++)
		printf("  %-10s %s\n", build[i].name, build[i].value);
	printf("\nlibraries\n");
	for (size_t i = 0; i < LIBRARIES; i++)
		printf("  %-10s %s\n", libraries[i].name, libraries[i].value);
}

int cmd_version(int argc, char **argv)
{
	static const char *const examples[] = {"afferent version", "afferent version --json", NULL};
	const struct usage usage = {
		.command = "version",
		.arguments = "",
		.examples = examples,
		.exit0 = "always",
		.about = "Shows the version of afferent, how it was built, and the libraries it runs with.",
	};
	bool json = false;
	const struct option options[] = {OPTION_FLAG('j', "json", &json, "print one JSON object"), OPTION_END};
	char pcre2[PCRE2_VERSION_SIZE], libxml2[LIBXML2_VERSION_SIZE];
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	const struct fact libraries[LIBRARIES] = {
		{"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
		{"sqlite", sqlite3_libversion()},
		{"libcurl", curl_version_info(CURLVERSION_NOW)->version},
		{"libevent", event_get_version()},
		{"libyaml", yaml_get_version_string()},
		{"zstd", ZSTD_versionString()},
		{"pcre2", pcre2_version(pcre2)},
		{"jansson", jansson_version_str()},
		{"libxml2", libxml2_version(libxml2)},
	};
	if (json)
		print_json(libraries);
	else
		print_text(libraries);
	return COMMAND_OK;
}
