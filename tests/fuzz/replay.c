/* SPDX-License-Identifier: Apache-2.0
 *
 * Gives files to one fuzz target without a fuzzer: every seed and every input that once broke something, each whole and
 * cut off at every length. Any compiler will do. A target that finds a fault ends the process.
 *
 *	fuzz_msg FOLDER|FILE...
 */
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>

#include "fuzz.h"

#define CUT_MAX 2048 /* longer inputs are given whole only: cutting is quadratic */

/* The bytes are in memory of exactly that size, so that a sanitizer sees one read too many. */
static void give(const char *bytes, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	must(copy);
	if (n)
		memcpy(copy, bytes, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void give_file(const char *path)
{
	static char bytes[1 << 20];
	FILE *file = fopen(path, "rb");
	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	size_t n = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	printf("%s: %zu bytes\n", path, n);
	fflush(stdout); /* names the input if it ends the process */
	for (size_t cut = 0; n <= CUT_MAX && cut < n; cut++)
		give(bytes, cut);
	give(bytes, n);
}

/* Returns how many files there are. */
static size_t give_folder(const char *folder)
{
	char pattern[4096];
	glob_t found;
	size_t count = 0;
	snprintf(pattern, sizeof pattern, "%s/*", folder);
	if (glob(pattern, 0, NULL, &found) == 0)
		count = found.gl_pathc;
	for (size_t i = 0; i < count; i++)
		give_file(found.gl_pathv[i]);
	if (count)
		globfree(&found);
	return count;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	for (int i = 1; i < argc; i++) {
		struct stat s;
		if (stat(argv[i], &s) == 0 && S_ISDIR(s.st_mode)) {
			count += give_folder(argv[i]);
		} else {
			give_file(argv[i]);
			count++;
		}
	}
	if (!count) {
		fprintf(stderr, "%s: no input\n", argv[0]);
		return 1;
	}
	printf("%zu passed, 0 failed\n", count);
	return 0;
}
