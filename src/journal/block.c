/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/block.h"

#include "base/digest.h"
#include "base/vector.h"
#include "journal/sql.h"

#define KINDS  3
#define PROBES 7
#define BITS   (BLOCK_BYTES * 8u)

/* Two numbers make all probes; the kind of id goes into both. */
struct probe {
	uint32_t at, step;
};

static size_t probes_of(const struct block_ids *ids, struct probe out[KINDS])
{
	const struct aff_view texts[KINDS] = {ids->control_id, ids->patient, ids->device};
	size_t n = 0;
	for (uint32_t kind = 0; kind < KINDS; kind++) {
		if (texts[kind].n == 0)
			continue;
		uint64_t h = hash64(texts[kind]);
		out[n++] = (struct probe){(uint32_t)h + kind * 0x9e3779b9u, (uint32_t)(h >> 32) | 1u};
	}
	return n;
}

static uint32_t bit_of(struct probe p, uint32_t i)
{
	return (p.at + i * p.step) % BITS;
}

/* ---- writing ---- */

static void note(struct block *b, const struct block_ids *ids)
{
	struct probe p[KINDS];
	size_t n = probes_of(ids, p);
	for (size_t k = 0; k < n; k++) {
		for (uint32_t i = 0; i < PROBES; i++)
			b->bits[bit_of(p[k], i) / 8] |= (unsigned char)(1u << bit_of(p[k], i) % 8);
	}
	b->rows++;
}

static void clear(struct block *b)
{
	b->rows = 0;
	memset(b->bits, 0, sizeof b->bits);
}

static int store(struct block *b, int64_t last, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(b->db, "INSERT INTO block(last, filter) VALUES(?1, ?2)", &s, diag);
	if (!rc) {
		sqlite3_bind_int64(s, 1, last);
		sql_bind_blob(s, 2, b->bits, sizeof b->bits);
		rc = sql_run(s, "add a block", diag);
	}
	sqlite3_finalize(s);
	clear(b);
	return rc;
}

/* Takes the rows before `id` that are in no block yet. */
static int load(struct block *b, int64_t id, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	clear(b);
	int rc = sql_prepare(b->db, "SELECT id, control_id, patient, device FROM message WHERE id < ?1"
	                            " AND id > ifnull((SELECT max(last) FROM block), 0) ORDER BY id", &s, diag);
	sqlite3_bind_int64(s, 1, id);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		note(b, &(struct block_ids){sql_blob(s, 1), sql_blob(s, 2), sql_blob(s, 3)});
		if (b->rows == BLOCK_ROWS)
			rc = store(b, sqlite3_column_int64(s, 0), diag);
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(b->db, step, "read the newest rows", diag);
	sqlite3_finalize(s);
	b->loaded = !rc;
	return rc;
}

int block_add(struct block *b, int64_t id, const struct block_ids *ids, struct aff_diag *diag)
{
	int rc = b->loaded ? 0 : load(b, id, diag);
	if (rc)
		return rc;
	note(b, ids);
	return b->rows == BLOCK_ROWS ? store(b, id, diag) : 0;
}

void block_forget(struct block *b)
{
	b->loaded = false;
}

/* ---- finding ---- */

static bool may_hold(struct aff_view filter, const struct probe *p, size_t n)
{
	if (filter.n != BLOCK_BYTES)
		return true;
	for (size_t k = 0; k < n; k++) {
		for (uint32_t i = 0; i < PROBES; i++) {
			uint32_t bit = bit_of(p[k], i);
			if (!((unsigned char)filter.p[bit / 8] >> bit % 8 & 1))
				return false;
		}
	}
	return true;
}

int id_ranges_add(struct id_ranges *out, struct id_range range, struct aff_diag *diag)
{
	if (range.low >= range.high - 1)
		return 0;
	if (out->n && out->item[out->n - 1].high == range.low + 1) {
		out->item[out->n - 1].high = range.high;
		return 0;
	}
	if (vector_room(&out->item, &out->allocated, out->n, sizeof *out->item))
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	out->item[out->n++] = range;
	return 0;
}

/* Each set asks for the same kinds of ids. */
static bool may_hold_one(struct aff_view filter, struct probe (*p)[KINDS], size_t sets, size_t n)
{
	for (size_t i = 0; i < sets; i++) {
		if (may_hold(filter, p[i], n))
			return true;
	}
	return false;
}

int block_find(sqlite3 *db, const struct block_ids *ids, size_t sets, struct id_range within, struct id_ranges *out,
               struct aff_diag *diag)
{
	struct probe p[BLOCK_SETS][KINDS];
	size_t n = 0;
	if (sets > BLOCK_SETS)
		return aff_diag_set(diag, AFF_ELIMIT, "there are too many ids to look for");
	for (size_t i = 0; i < sets; i++)
		n = probes_of(&ids[i], p[i]);
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = n ? sql_prepare(db, "SELECT last, filter FROM block WHERE last > ?1 ORDER BY last", &s, diag) : 0;
	if (!rc && n)
		sqlite3_bind_int64(s, 1, within.low);
	while (!rc && n && within.low < within.high && (step = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t last = sqlite3_column_int64(s, 0);
		struct id_range range = {within.low, last < within.high ? last + 1 : within.high};
		if (may_hold_one(sql_blob(s, 1), p, sets, n))
			rc = id_ranges_add(out, range, diag);
		within.low = last;
	}
	if (!rc && step != SQLITE_DONE && step != SQLITE_ROW)
		rc = sql_error(db, step, "read the blocks", diag);
	sqlite3_finalize(s);
	return rc ? rc : id_ranges_add(out, within, diag);
}
