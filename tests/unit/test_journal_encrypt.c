/* SPDX-License-Identifier: Apache-2.0
 *
 * Encryption at rest: what tells of a patient is on no disk, is found by its digests all the same, and is there again
 * for whoever has the key.
 */
#include <sys/stat.h>

#include "base/number.h"
#include "journal/crypt.h"
#include "journal/search.h"
#include "encrypt_fixture.h"
#include "sys/file.h"

/* ---- what is on disk ---- */

static const char patient[] = "CANARY-patient-4711", control[] = "CANARY-control-0815", device[] = "CANARY-device-1234",
		  common[] = "CANARY-that-every-message-has-and-the-dictionary-gets";

static bool file_has(const char *path, struct aff_view what)
{
	struct aff_buf all;
	aff_buf_init(&all, 1u << 30);
	OK(file_read(path, &all, &diag));
	bool found = memmem(all.p, all.n, what.p, what.n) != NULL;
	aff_buf_free(&all);
	return found;
}

/* In any file of the journal's folder, or beside it. */
static bool disk_has(struct aff_view what)
{
	static const char *const beside[] = {".key", ".key.pub", ".secret"};
	bool found = false;
	DIR *d = opendir(fixture_folder);
	const struct dirent *entry;
	char path[PATH_MAX];
	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", fixture_folder, entry->d_name);
		found = found || (entry->d_name[0] != '.' && file_has(path, what));
	}
	closedir(d);
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
		snprintf(path, sizeof path, "%s%s", fixture_folder, beside[i]);
		found = found || (access(path, F_OK) == 0 && file_has(path, what));
	}
	return found;
}

/* Bytes that cannot be compressed: they stand in the body as they are. */
static struct aff_view noise(char out[64])
{
	uint64_t x = 88172645463325252u;
	for (size_t i = 0; i < 64; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		out[i] = (char)(unsigned char)(x >> 24 & 0xff);
	}
	return aff_view(out, 64);
}

static int64_t add_text(struct aff_view text, const char *control_id, int64_t received_us)
{
	struct aff_buf body;
	aff_buf_init(&body, 1 << 20);
	struct journal_message m = {
		.received_us = received_us,
		.channel = aff_view_of("monitors"),
		.control_id = aff_view_of(control_id),
		.patient = aff_view_of(patient),
		.device = aff_view_of(device),
		.verdict = JOURNAL_ACCEPTED,
		.length = (uint32_t)text.n,
	};
	memcpy(m.snapshot, fixture_sha, SHA256_SIZE);
	OK(journal_pack(packer, m.channel, text, &body, &m.dictionary));
	m.body = aff_buf_view(&body);
	OK(journal_encrypt(packer, &m));
	journal_digest_message(packer, &m);
	OK(journal_add_message(j, &m, &diag));
	aff_buf_free(&body);
	return m.id;
}

/* Enough messages to train a dictionary, in several log files, and one with noise. */
static void write_canaries(void)
{
	char text[400], raw[64];
	for (unsigned i = 0; i < 3000; i++) {
		if (i % 100 == 0)
			OK(journal_begin(j, &diag));
		snprintf(text, sizeof text, "MSH|^~\\&|MON||||||ORU^R01|%u|P|2.6\rPID|||%s\rOBX|1|NM|%u|%s|%u\r", i,
			 patient, i * 7919, common, i % 211);
		add_text(i == 10 ? noise(raw) : aff_view_of(text), control, T0 + i);
		if (i % 100 == 99)
			OK(journal_commit(j, &diag));
		if (i == 2100)
			sealer_drain(&j->sealer);
	}
	sealer_drain(&j->sealer);
}

START_TEST(nothing_of_a_patient_is_on_the_disk)
{
	char raw[64];
	fixture_encrypt = _i == 1;
	open_journal(1000);
	write_canaries();
	ck_assert_ptr_nonnull(atomic_load(&j->book.newest)); /* a dictionary was trained */
	for (int closed = 0; closed < 2; closed++) {
		ck_assert_int_eq(disk_has(aff_view_of(patient)), !fixture_encrypt);
		ck_assert_int_eq(disk_has(aff_view_of(control)), !fixture_encrypt);
		ck_assert_int_eq(disk_has(aff_view_of(device)), !fixture_encrypt);
		ck_assert_int_eq(disk_has(aff_view_of(common)), !fixture_encrypt);
		ck_assert_int_eq(disk_has(noise(raw)), !fixture_encrypt);
		if (!closed)
			close_journal();
	}
}
END_TEST

/* ---- rows ---- */

/* Every message with this id, in order: of n that were added, those with number % step == part. */
static void expect(struct journal_query q, const int64_t *ids, unsigned n, unsigned step, unsigned part)
{
	struct journal_reader *r = fixture_reader();
	q.raw = true;
	q.limit = 1000;
	for (int oldest_first = 0; oldest_first < 2; oldest_first++) {
		q.oldest_first = oldest_first;
		OK(search(r, &q));
		size_t found = 0;
		for (unsigned k = 0; k < n; k++) {
			unsigned i = oldest_first ? k : n - 1 - k;
			if (i % step == part)
				ck_assert_int_eq(rows.id[found++], ids[i]);
		}
		ck_assert_uint_eq(rows.n, found);
	}
	journal_reader_close(r);
}

START_TEST(ids_are_found_in_clear_and_encrypted_rows)
{
	int64_t ids[100];
	unsigned n = write_mixture(ids);
	expect((struct journal_query){.patient = aff_view_of("P3")}, ids, n, 7, 3);
	expect((struct journal_query){.device = aff_view_of("D4")}, ids, n, 11, 4);
	expect((struct journal_query){.control_id = aff_view_of("C2")}, ids, n, 1000, 2);
	expect((struct journal_query){.control_id = aff_view_of("C42")}, ids, n, 1000, 42);
	expect((struct journal_query){.control_id = aff_view_of("P3")}, ids, n, 1000, 999);
	expect((struct journal_query){.patient = aff_view_of("P3"), .device = aff_view_of("D4")}, ids, n, 77, 59);
	expect((struct journal_query){.patient = aff_view_of("P3"), .status = JOURNAL_DEAD}, ids, n, 1000, 999);
}
END_TEST

static int take_columns(void *arg, const struct journal_row *row)
{
	(void)arg;
	ck_assert_uint_eq(row->message.ids.n, 0);
	ck_assert(aff_view_is(row->message.control_id, "C9"));
	ck_assert(aff_view_is(row->message.patient, "P2"));
	ck_assert(aff_view_is(row->message.device, "D9"));
	return 0;
}

START_TEST(a_message_that_was_encrypted_before_the_file_changed_keeps_its_key)
{
	char raw[2048];
	int64_t ids[100], late;
	struct aff_buf body;
	aff_buf_init(&body, 4096);
	open_journal(5);
	add(0, 4, ids);
	struct aff_view text = fixture_raw(raw, sizeof raw, 9);
	struct journal_message m = {.received_us = T0 + 50,
				    .channel = aff_view_of("monitors"),
				    .control_id = aff_view_of("C9"),
				    .patient = aff_view_of("P2"),
				    .device = aff_view_of("D9"),
				    .verdict = JOURNAL_ACCEPTED,
				    .length = (uint32_t)text.n};
	memcpy(m.snapshot, fixture_sha, SHA256_SIZE);
	OK(journal_pack(packer, m.channel, text, &body, &m.dictionary));
	m.body = aff_buf_view(&body);
	OK(journal_encrypt(packer, &m));
	uint32_t key = m.key;
	OK(journal_begin(j, &diag));
	struct journal_packer *other;
	ck_assert_int_eq(journal_packer_new(&other, j), 0);
	for (unsigned i = 4; i < 6; i++)
		ids[i] = fixture_add(j, other, "monitors", i, T0 + i);
	OK(journal_commit(j, &diag));
	OK(journal_begin(j, &diag)); /* the next file */
	ck_assert_uint_eq(j->file.rows, 0);
	OK(journal_add_message(j, &m, &diag));
	late = m.id;
	ids[7] = fixture_add(j, other, "monitors", 7, T0 + 60);
	OK(journal_commit(j, &diag));
	ck_assert_uint_gt(j->keyring.all->id, key);
	for (int sealed = 0; sealed < 2; sealed++) {
		struct journal_reader *r = fixture_reader();
		rows = (struct fixture_rows){.check_raw = true};
		OK(journal_get(r, late, fixture_collect, &rows, &diag));
		OK(journal_get(r, late, take_columns, NULL, &diag));
		OK(search(r, &(struct journal_query){.control_id = aff_view_of("C9"), .raw = true}));
		ck_assert_uint_eq(rows.n, 1);
		OK(search(r, &(struct journal_query){.patient = aff_view_of("P0"), .raw = true}));
		ck_assert_uint_eq(rows.n, 2);
		journal_reader_close(r);
		for (unsigned i = 10; !sealed && i < 20; i++) {
			OK(journal_begin(j, &diag));
			fixture_add(j, other, "pumps", i * 7 + 1, T0 + 100 + i);
			OK(journal_commit(j, &diag));
		}
		sealer_drain(&j->sealer);
	}
	journal_packer_free(other);
	close_journal();
	aff_buf_free(&body);
}
END_TEST

static unsigned count_plan(sqlite3 *db, const struct journal_query *q, size_t keys, const char *what)
{
	struct aff_buf sql;
	sqlite3_stmt *s = NULL;
	unsigned n = 0;
	aff_buf_init(&sql, 65536);
	aff_buf_put_text(&sql, "EXPLAIN QUERY PLAN ");
	search_put_select(&sql, "SELECT " READER_COLUMNS READER_BODY READER_FROM, q, keys, true);
	aff_buf_put_char(&sql, '\0');
	OK(sql_prepare(db, sql.p, &s, &diag));
	while (sqlite3_step(s) == SQLITE_ROW)
		n += strstr((const char *)sqlite3_column_text(s, 3), what) != NULL;
	sqlite3_finalize(s);
	aff_buf_free(&sql);
	return n;
}

START_TEST(several_keys_cost_no_sorting)
{
	int64_t ids[100];
	struct reader_file *f;
	write_mixture(ids);
	struct journal_reader *r = fixture_reader();
	OK(reader_file(r, 0, &f, &diag));
	ck_assert(f->sealed);
	const struct journal_query q = {.device = aff_view_of("D3"), .channel = aff_view_of("monitors")};
	ck_assert_uint_eq(count_plan(f->db, &q, 2, "message_device"), 3);
	ck_assert_uint_eq(count_plan(f->db, &q, 2, "TEMP B-TREE"), 0);
	journal_reader_close(r);
}
END_TEST

/* ---- keys ---- */

static int count_hidden(void *arg, const struct journal_row *row)
{
	size_t *n = arg;
	ck_assert(aff_view_is(row->message.channel, "monitors"));
	ck_assert_int_eq(row->message.ids.n != 0, row->message.control_id.n == 0);
	*n += row->message.ids.n != 0;
	return 0;
}

static void expect_locked(int rc)
{
	size_t hidden = 0;
	int64_t ids[100];
	unsigned n = 5;
	(void)ids;
	struct journal_stats stats;
	struct journal_reader *r = fixture_reader();
	OK(journal_search(r, &(struct journal_query){.limit = 1000}, count_hidden, &hidden, &diag));
	ck_assert_uint_eq(hidden, 65);
	OK(journal_read_stats(r, &stats, &diag));
	ck_assert_uint_eq(stats.messages, 65 + n);
	journal_stats_free(&stats);
	diag = (struct aff_diag){0};
	ck_assert_int_eq(search(r, &(struct journal_query){.patient = aff_view_of("P3")}), rc);
	ck_assert_ptr_nonnull(strstr(diag.text, ".secret") ? diag.text : strstr(diag.text, "master key"));
	ck_assert_str_ne(diag.hint, "");
	diag = (struct aff_diag){0};
	ck_assert_int_eq(search(r, &(struct journal_query){.raw = true}), rc);
	ck_assert_int_eq(diag.code, rc);
	ck_assert_str_ne(diag.hint, "");
	journal_reader_close(r);
}

START_TEST(without_the_key_the_rest_is_read)
{
	int64_t ids[100];
	char kept[100], text[300];
	unsigned n = write_mixture(ids);
	snprintf(kept, sizeof kept, "%s.kept", secret_path_);
	ck_assert_int_eq(rename(secret_path_, kept), 0);
	expect_locked(AFF_EKEY);
	struct journal *locked;
	struct journal_options o = {.folder = fixture_folder, .encrypt = true};
	ck_assert_int_eq(journal_open(&locked, &o, &diag), AFF_EKEY);
	o.encrypt = false; /* what waits for delivery could not be read */
	ck_assert_int_eq(journal_open(&locked, &o, &diag), AFF_EKEY);
	ck_assert_ptr_nonnull(strstr(diag.hint, secret_path_));
	ck_assert_int_ne(access(secret_path_, F_OK), 0); /* no new key hides that the old one is lost */
	/* Another key is told from damage. */
	OK(secret_make(secret_path_, &diag));
	expect_locked(AFF_EKEY);
	ck_assert_int_eq(journal_open(&locked, &o, &diag), AFF_EKEY);
	/* One that others can read is none. */
	ck_assert_int_eq(chmod(kept, 0640), 0);
	ck_assert_int_eq(rename(kept, secret_path_), 0);
	expect_locked(AFF_EPERMISSION);
	ck_assert_int_eq(journal_open(&locked, &o, &diag), AFF_EPERMISSION);
	ck_assert_int_eq(chmod(secret_path_, 0600), 0);
	/* The file may be elsewhere, and have other keys before the one that is needed. */
	struct aff_buf key;
	aff_buf_init(&key, 1000);
	OK(file_read(secret_path_, &key, &diag));
	snprintf(text, sizeof text, "%064d\n\n# the older one\n%.*s", 7, (int)key.n, key.p);
	OK(file_replace(kept, aff_view_of(text), &diag));
	ck_assert_int_eq(unlink(secret_path_), 0);
	struct journal_reader *r = fixture_reader();
	OK(journal_reader_use_keys(r, kept, &diag));
	OK(search(r, &(struct journal_query){.raw = true, .limit = 1000}));
	ck_assert_uint_eq(rows.n, n);
	journal_reader_close(r);
	aff_buf_free(&key);
	unlink(kept);
}
END_TEST

START_TEST(the_key_file_is_read_strictly)
{
	static const struct {
		const char *text, *complaint;
	} cases[] = {
		{"", "line 1: there is no key"},
		{"# nothing\n\n", "line 2: there is no key"},
		{"1122\n", "line 1: this is no key"},
		{"# a key\n0000000000000000000000000000000000000000000000000000000000000001\nxyz\n",
		 "line 3: this is no key"},
		{"000000000000000000000000000000000000000000000000000000000000000g\n", "line 1: this is no key"},
		{"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n", "line 1: this is no key"},
		{"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n", "line 1: this is no key"},
		{"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
		 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
		 "line 2: this key stands in an earlier line"},
	};
	struct secret s;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_secret(cases[i].text);
		ck_assert_int_eq(secret_read(&s, secret_path_, &diag), AFF_ESYNTAX);
		ck_assert_msg(strstr(diag.text, cases[i].complaint) != NULL, "%s", diag.text);
		ck_assert_uint_eq(s.n, 0);
	}
	write_secret("# two\r\n  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=  \r\n"
		     "F00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	OK(secret_read(&s, secret_path_, &diag));
	ck_assert_uint_eq(s.n, 2);
	for (unsigned i = 0; i < CIPHER_KEY_SIZE; i++)
		ck_assert_uint_eq(s.key[0].key[i], i);
	ck_assert_uint_eq(s.key[1].key[0], 0xf0);
	ck_assert(secret_has(&s, s.key[1].id));
	char many[SECRET_KEYS * 65 + 80] = "";
	for (int i = 0; i <= SECRET_KEYS; i++)
		snprintf(many + 65 * i, sizeof many - 65 * (size_t)i, "%064d\n", i);
	write_secret(many);
	ck_assert_int_eq(secret_read(&s, secret_path_, &diag), AFF_ESYNTAX);
	ck_assert_ptr_nonnull(strstr(diag.text, "line 33: there are too many"));
}
END_TEST

/* What systemd passes on: read by an access list, which shows as the group's right. */
START_TEST(a_credential_may_be_readable_by_the_group)
{
	struct secret s;
	write_secret("0000000000000000000000000000000000000000000000000000000000000001\n");
	ck_assert_int_eq(chmod(secret_path_, 0440), 0);
	ck_assert_int_eq(secret_read(&s, secret_path_, &diag), AFF_EPERMISSION);
	char *slash = strrchr(fixture_folder, '/');
	*slash = '\0';
	setenv("CREDENTIALS_DIRECTORY", fixture_folder, 1);
	*slash = '/';
	OK(secret_read(&s, secret_path_, &diag));
	ck_assert_int_eq(chmod(secret_path_, 0444), 0);
	ck_assert_int_eq(secret_read(&s, secret_path_, &diag), AFF_EPERMISSION);
	ck_assert_int_eq(unlink(secret_path_), 0);
	ck_assert_int_eq(journal_open(&j, &(struct journal_options){.folder = fixture_folder, .encrypt = true}, &diag),
			 AFF_ENOTFOUND); /* it is systemd's to make */
	unsetenv("CREDENTIALS_DIRECTORY");
}
END_TEST

/* ---- what nobody may do twice, and what is noticed ---- */

struct nonce {
	unsigned char key[4], nonce[CIPHER_NONCE_SIZE];
};

static size_t take_nonces(const char *sql, struct nonce *to)
{
	size_t n = 0;
	for (size_t i = 0;; i++) {
		sqlite3_stmt *s;
		struct reader_file *f;
		struct journal_reader *r = fixture_reader();
		if (i == r->list.n) {
			journal_reader_close(r);
			return n;
		}
		OK(reader_file(r, i, &f, &diag));
		OK(sql_prepare(f->db, sql, &s, &diag));
		while (sqlite3_step(s) == SQLITE_ROW) {
			uint32_t key = (uint32_t)sqlite3_column_int64(s, 0);
			memcpy(to[n].key, &key, 4);
			ck_assert_uint_ge(sql_blob(s, 1).n, CRYPT_OVERHEAD);
			memcpy(to[n++].nonce, sql_blob(s, 1).p, CIPHER_NONCE_SIZE);
		}
		sqlite3_finalize(s);
		journal_reader_close(r);
	}
}

static int compare_nonces(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct nonce));
}

START_TEST(no_nonce_is_used_twice)
{
	int64_t ids[100];
	struct nonce all[1000];
	char dictionary[600];
	open_journal(20);
	OK(book_load(&j->book, 1, aff_view_of("monitors"), fixture_raw(dictionary, sizeof dictionary, 77)));
	for (unsigned n = 0; n < 90; n += 6) {
		add(n, n + 6, ids);
		if (n % 18 == 0) {
			close_journal();
			open_journal(20);
		}
	}
	close_journal();
	size_t n = take_nonces("SELECT key, body FROM message WHERE key > 0", all);
	n += take_nonces("SELECT key, ids FROM message WHERE key > 0", all + n);
	n += take_nonces("SELECT key, body FROM dictionary WHERE key > 0", all + n);
	ck_assert_uint_gt(n, 180);
	qsort(all, n, sizeof *all, compare_nonces);
	for (size_t i = 1; i < n; i++)
		ck_assert_int_ne(compare_nonces(&all[i - 1], &all[i]), 0);
}
END_TEST

START_TEST(nonces_are_renewed_before_their_count_ends)
{
	static const unsigned char key[CIPHER_KEY_SIZE] = {1};
	unsigned char before[CIPHER_NONCE_SIZE];
	struct encrypter e = {0};
	struct decrypter d;
	struct aff_buf out, back;
	aff_buf_init(&out, 1000);
	aff_buf_init(&back, 1000);
	OK(encrypter_use(&e, 7, key));
	OK(decrypter_init(&d, 7, key));
	e.count = UINT32_MAX - 1;
	for (int i = 0; i < 3; i++) {
		memcpy(before, e.nonce, sizeof before);
		aff_buf_clear(&out);
		aff_buf_clear(&back);
		OK(encrypter_put(&e, CRYPT_BODY, aff_view_of("text"), &out));
		OK(decrypter_put(&d, CRYPT_BODY, aff_buf_view(&out), &back));
		ck_assert(aff_view_is(aff_buf_view(&back), "text"));
		ck_assert_int_eq(decrypter_put(&d, CRYPT_IDS, aff_buf_view(&out), &back), AFF_ECORRUPT);
		ck_assert_int_eq(memcmp(before, e.nonce, 8) != 0, i == 1);
	}
	decrypter_free(&d);
	OK(decrypter_init(&d, 8, key)); /* the same key by another name */
	ck_assert_int_eq(decrypter_put(&d, CRYPT_BODY, aff_buf_view(&out), &back), AFF_ECORRUPT);
	decrypter_free(&d);
	encrypter_free(&e);
	aff_buf_free(&out);
	aff_buf_free(&back);
}
END_TEST

static void change(const char *sql)
{
	sqlite3 *db;
	char path[PATH_MAX];
	struct journal_reader *r = fixture_reader();
	OK(folder_path(path, sizeof path, fixture_folder, r->list.first[0], "", &diag));
	journal_reader_close(r);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

START_TEST(a_change_is_told_from_a_wrong_key)
{
	static const struct {
		const char *sql, *complaint;
	} cases[] = {
		{"UPDATE message SET body = zeroblob(40) WHERE control_id IS NOT NULL", "its body was changed"},
		{"UPDATE message SET body = (SELECT ids FROM message LIMIT 1)", "its body was changed"},
		{"UPDATE message SET ids = body", "its ids were changed"},
		{"UPDATE datakey SET wrapped = zeroblob(68)", "data key 1 was changed"},
		{"UPDATE datakey SET id = 2", "data key 1 is missing"},
		{"UPDATE datakey SET wrapped = 'x'", "data key 1 was changed"},
	};
	int64_t ids[100];
	open_journal(20);
	add(0, 5, ids);
	close_journal();
	change(cases[_i].sql);
	struct journal_reader *r = fixture_reader();
	ck_assert_int_eq(search(r, &(struct journal_query){.raw = true}), AFF_ECORRUPT);
	ck_assert_msg(strstr(diag.text, cases[_i].complaint) != NULL, "%s", diag.text);
	ck_assert_ptr_nonnull(strstr(diag.text, "log-"));
	journal_reader_close(r);
}
END_TEST

static size_t take_digests(const char *sql, char digest[][JOURNAL_HASHED_SIZE])
{
	size_t n = 0;
	sqlite3_stmt *s;
	struct reader_file *f;
	struct journal_reader *r = fixture_reader();
	for (size_t i = 0; i < r->list.n; i++) {
		OK(reader_file(r, i, &f, &diag));
		OK(sql_prepare(f->db, sql, &s, &diag));
		while (sqlite3_step(s) == SQLITE_ROW) {
			for (int k = 0; k < 3; k++) {
				ck_assert_uint_eq(sql_blob(s, k).n, JOURNAL_HASHED_SIZE);
				memcpy(digest[n++], sql_blob(s, k).p, JOURNAL_HASHED_SIZE);
			}
		}
		sqlite3_finalize(s);
	}
	journal_reader_close(r);
	return n;
}

START_TEST(digests_tell_nothing_across_columns_and_files)
{
	static char digest[12][JOURNAL_HASHED_SIZE];
	char text[] = "text";
	struct aff_buf body;
	aff_buf_init(&body, 1000);
	open_journal(1);
	for (int i = 0; i < 3; i++) {
		struct journal_message m = {.received_us = T0 + i,
					    .channel = aff_view_of("monitors"),
					    .control_id = aff_view_of("same"),
					    .patient = aff_view_of("same"),
					    .device = aff_view_of("same"),
					    .verdict = JOURNAL_ACCEPTED,
					    .length = 4};
		aff_buf_clear(&body);
		memcpy(m.snapshot, fixture_sha, SHA256_SIZE);
		OK(journal_pack(packer, m.channel, aff_view_of(text), &body, &m.dictionary));
		m.body = aff_buf_view(&body);
		OK(journal_begin(j, &diag));
		OK(journal_encrypt(packer, &m));
		OK(journal_add_message(j, &m, &diag));
		OK(journal_commit(j, &diag));
	}
	close_journal();
	aff_buf_free(&body);
	size_t n = take_digests("SELECT control_id, patient, device FROM message", digest);
	ck_assert_uint_eq(n, 9);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			ck_assert_int_ne(memcmp(digest[i], digest[k], JOURNAL_HASHED_SIZE), 0);
}
END_TEST

static TCase *storing(void)
{
	TCase *c = tcase_create("storing");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, fixture_teardown);
	tcase_add_loop_test(c, nothing_of_a_patient_is_on_the_disk, 0, 2);
	tcase_add_test(c, no_nonce_is_used_twice);
	tcase_add_test(c, nonces_are_renewed_before_their_count_ends);
	tcase_add_test(c, digests_tell_nothing_across_columns_and_files);
	return c;
}

static TCase *finding(void)
{
	TCase *c = tcase_create("finding");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, fixture_teardown);
	tcase_add_test(c, ids_are_found_in_clear_and_encrypted_rows);
	tcase_add_test(c, a_message_that_was_encrypted_before_the_file_changed_keeps_its_key);
	tcase_add_test(c, several_keys_cost_no_sorting);
	tcase_add_loop_test(c, a_change_is_told_from_a_wrong_key, 0, 6);
	return c;
}

static TCase *keys(void)
{
	TCase *c = tcase_create("keys");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, fixture_teardown);
	tcase_add_test(c, without_the_key_the_rest_is_read);
	tcase_add_test(c, the_key_file_is_read_strictly);
	tcase_add_test(c, a_credential_may_be_readable_by_the_group);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {storing, finding, keys};
	return fixture_run(cases, sizeof cases / sizeof *cases, "journal: encryption");
}
