/* SPDX-License-Identifier: Apache-2.0
 *
 * See compare.h.
 */
#include "conf/compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vector.h"
#include "conf/yaml.h"

#define LISTED_MAX 400 /* bytes of the names of changed keys */
#define SEARCH_MAX 1000 /* names of a map that are looked for out of their order */

struct comparing {
	conf_change_fn *fn;
	void *arg;
	int error;
};

const char *conf_change_text(enum conf_change_kind kind)
{
	static const char *const texts[] = {[CONF_CHANGE_NEW] = "new", [CONF_CHANGE_GONE] = "gone",
	                                    [CONF_CHANGE_CHANGED] = "changed", [CONF_CHANGE_LAYOUT] = "layout"};
	return texts[kind];
}

static void tell(struct comparing *c, enum conf_change_kind kind, const char *what, const char *name,
		 const char *format, ...) AFF_PRINTF(5, 6);
static void tell(struct comparing *c, enum conf_change_kind kind, const char *what, const char *name,
		 const char *format, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	c->fn(c->arg, &(struct conf_change){kind, what, name, text});
}

/* ---- trees ---- */

/* A file's tree; its mistakes are for others to tell. */
static void read_tree(struct tree *t, const struct conf_file *file, struct comparing *c)
{
	struct aff_diag_list findings;
	aff_diag_list_init(&findings, 1);
	struct report report = {.findings = &findings, .root = "", .file = file->name};
	if (tree_read(t, file->bytes, &report) == AFF_ENOMEM)
		c->error = AFF_ENOMEM;
	aff_diag_list_free(&findings);
}

/* The value of a key of a map; NULL. */
static const struct node *value_of(const struct node *map, struct aff_view key)
{
	for (const struct node *n = map && map->kind == NODE_MAP ? map->first : NULL; n && n->next; n = n->next->next)
		if (n->kind == NODE_SCALAR && aff_view_equal(n->text, key))
			return n->next;
	return NULL;
}

static struct aff_view scalar_of(const struct node *map, const char *key)
{
	const struct node *n = value_of(map, aff_view_of(key));
	return n && n->kind == NODE_SCALAR ? n->text : aff_view("", 0);
}

struct pair {
	const struct node *a, *b;
};
struct pairs {
	struct pair *items;
	size_t count, capacity;
	int error;
};

static bool push(struct pairs *p, const struct node *a, const struct node *b)
{
	if (vector_room(&p->items, &p->capacity, p->count, sizeof *p->items)) {
		p->error = AFF_ENOMEM;
		return false;
	}
	p->items[p->count++] = (struct pair){a, b};
	return true;
}

/* The values of the same keys, in whatever order. false: the keys are others. */
static bool push_maps(struct pairs *p, const struct node *a, const struct node *b)
{
	const struct node *beside = b->first;
	for (const struct node *n = a->first; n && n->next; n = n->next->next) {
		const struct node *value = NULL;
		if (beside && beside->next && aff_view_equal(beside->text, n->text))
			value = beside->next;
		else if (a->count <= 2 * SEARCH_MAX)
			value = value_of(b, n->text);
		if (!value || !push(p, n->next, value))
			return false;
		beside = beside && beside->next ? beside->next->next : NULL;
	}
	return true;
}

static bool push_children(struct pairs *p, const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == NODE_SCALAR)
		return aff_view_equal(a->text, b->text);
	if (a->kind == NODE_MAP)
		return push_maps(p, a, b);
	for (a = a->first, b = b->first; a && b; a = a->next, b = b->next)
		if (!push(p, a, b))
			return false;
	return true;
}

/* Whether two values mean the same; neither is there: yes. */
static bool same(struct comparing *c, const struct node *a, const struct node *b)
{
	struct pairs p = {.count = 0};
	bool equal = (!a && !b) || (a && b && push(&p, a, b));
	while (equal && p.count) {
		struct pair at = p.items[--p.count];
		equal = push_children(&p, at.a, at.b);
	}
	c->error = c->error ? c->error : p.error;
	free(p.items);
	return equal;
}

/* The keys of two maps whose values differ, "lanes, retry"; empty: none. */
static void list_changed(struct comparing *c, const struct node *a, const struct node *b,
			 char out[LISTED_MAX])
{
	size_t n = 0;
	out[0] = '\0';
	for (int side = 0; side < 2; side++) {
		const struct node *map = side ? b : a, *other = side ? a : b;
		for (const struct node *k = map && map->kind == NODE_MAP ? map->first : NULL; k && k->next;
		     k = k->next->next) {
			const struct node *there = value_of(other, k->text);
			if ((side && there) || (there && same(c, k->next, there)) ||
			    n + k->text.n + 3 > LISTED_MAX)
				continue;
			n += (size_t)snprintf(out + n, LISTED_MAX - n, "%s%.*s", n ? ", " : "", (int)k->text.n,
					      k->text.p);
		}
	}
}

/* ---- a channel ---- */

/* "to" of {mllp: {to: ...}}, "listen" of {mllp: {listen: ...}}: what stands one map down. */
static struct aff_view scalar_below(const struct node *map, const char *key)
{
	struct aff_view found = aff_view("", 0);
	for (const struct node *n = map && map->kind == NODE_MAP ? map->first : NULL; n && n->next && !found.n;
	     n = n->next->next)
		found = scalar_of(n->next, key);
	return found;
}

static const struct node *find_dest(const struct node *list, struct aff_view name)
{
	for (const struct node *n = list && list->kind == NODE_LIST ? list->first : NULL; n; n = n->next)
		if (name.n && aff_view_equal(scalar_of(n, "name"), name))
			return n;
	return NULL;
}

static void compare_dest(struct comparing *c, const char *name, const struct node *before, const struct node *after)
{
	char keys[LISTED_MAX];
	struct aff_view from = scalar_below(before, "to"), to = scalar_below(after, "to");
	if (same(c, before, after))
		return;
	if (from.n && to.n && !aff_view_equal(from, to)) {
		tell(c, CONF_CHANGE_CHANGED, "destination", name,
		     "%s: goes to %.*s instead of %.*s; what waits for it goes there, too", name, (int)to.n, to.p,
		     (int)from.n, from.p);
		return;
	}
	list_changed(c, before, after, keys);
	tell(c, CONF_CHANGE_CHANGED, "destination", name, "%s: %s changed; it goes on where it is", name, keys);
}

static void compare_dests(struct comparing *c, struct aff_view channel, const struct node *before,
			  const struct node *after)
{
	char name[300];
	for (const struct node *n = after && after->kind == NODE_LIST ? after->first : NULL; n; n = n->next) {
		struct aff_view short_name = scalar_of(n, "name");
		const struct node *old = find_dest(before, short_name);
		snprintf(name, sizeof name, "%.*s/%.*s", (int)channel.n, channel.p, (int)short_name.n, short_name.p);
		if (old)
			compare_dest(c, name, old, n);
		else
			tell(c, CONF_CHANGE_NEW, "destination", name,
			     "%s is new: it gets what comes from now on, or goes on where it stopped if it was there "
			     "before", name);
	}
	for (const struct node *n = before && before->kind == NODE_LIST ? before->first : NULL; n; n = n->next) {
		struct aff_view short_name = scalar_of(n, "name");
		if (find_dest(after, short_name))
			continue;
		snprintf(name, sizeof name, "%.*s/%.*s", (int)channel.n, channel.p, (int)short_name.n, short_name.p);
		tell(c, CONF_CHANGE_GONE, "destination", name,
		     "%s is gone: what waits for it stays in the journal, and is sent if it comes back", name);
	}
}

static void compare_source(struct comparing *c, struct aff_view channel, const struct node *before,
			   const struct node *after)
{
	char name[160], keys[LISTED_MAX];
	struct aff_view from = scalar_below(before, "listen"), to = scalar_below(after, "listen");
	if (same(c, before, after))
		return;
	snprintf(name, sizeof name, "%.*s", (int)(channel.n < 150 ? channel.n : 150), channel.p);
	if (from.n && to.n && !aff_view_equal(from, to)) {
		tell(c, CONF_CHANGE_CHANGED, "source", name,
		     "channel %s: listens on %.*s instead of %.*s; connections to the old address are closed", name,
		     (int)to.n, to.p, (int)from.n, from.p);
		return;
	}
	list_changed(c, before, after, keys);
	const struct node *a = value_of(before, aff_view_of(keys)), *b = value_of(after, aff_view_of(keys));
	if (a && b && a->kind == NODE_MAP && b->kind == NODE_MAP)
		list_changed(c, a, b, keys);
	tell(c, CONF_CHANGE_CHANGED, "source", name, "channel %s: source changed%s%s", name, keys[0] ? ": " : "", keys);
}

static void compare_channel(struct comparing *c, const struct node *before, const struct node *after)
{
	static const char *const handled[] = {"source", "destinations"};
	struct aff_view name = scalar_of(after, "channel");
	char text[160], keys[LISTED_MAX], rest[LISTED_MAX] = "";
	snprintf(text, sizeof text, "%.*s", (int)(name.n < 150 ? name.n : 150), name.p);
	compare_source(c, name, value_of(before, aff_view_of(handled[0])), value_of(after, aff_view_of(handled[0])));
	list_changed(c, before, after, keys);
	for (char *save = keys, *word; (word = strsep(&save, ",")) && *word;) {
		word += *word == ' ';
		size_t n = strlen(rest);
		if (strcmp(word, handled[0]) != 0 && strcmp(word, handled[1]) != 0)
			snprintf(rest + n, sizeof rest - n, "%s%s", n ? ", " : "", word);
	}
	if (rest[0])
		tell(c, CONF_CHANGE_CHANGED, "channel", text,
		     "channel %s: %s changed; it counts from the next message on", text, rest);
	compare_dests(c, name, value_of(before, aff_view_of(handled[1])), value_of(after, aff_view_of(handled[1])));
}

/* ---- files ---- */

static const struct conf_file *find_file(const struct conf_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->items[i].name, name) == 0)
			return &files->items[i];
	return NULL;
}

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static bool is_channel(const struct conf_file *file)
{
	return !begins(file->name, "mappings/") && !begins(file->name, "profiles/") &&
	       !begins(file->name, "scripts/") && strcmp(file->name, "afferent.yaml") != 0;
}

/* What a change of afferent.yaml means: some of it counts at the next start only. */
static void compare_settings(struct comparing *c, const struct node *before, const struct node *after)
{
	static const char *const later[] = {"journal", "log_file", "reserve", "checkpoints", "encrypt", "control",
	                                    "io_threads", "memory"};
	char keys[LISTED_MAX];
	bool start = false;
	list_changed(c, before, after, keys);
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		start |= !same(c, value_of(before, aff_view_of(later[i])), value_of(after, aff_view_of(later[i])));
	if (keys[0])
		tell(c, CONF_CHANGE_CHANGED, "settings", "afferent.yaml", "afferent.yaml: %s changed%s", keys,
		     start ? "; journal, log_file, reserve, checkpoints, encrypt, control, io_threads and memory count "
			     "at the next start"
			   : "");
}

static void tell_new(struct comparing *c, const struct conf_file *file)
{
	struct tree tree;
	char name[160];
	if (!is_channel(file)) {
		tell(c, CONF_CHANGE_NEW, "file", file->name, "%s is new", file->name);
		return;
	}
	read_tree(&tree, file, c);
	struct aff_view text = scalar_of(tree.root, "channel");
	struct aff_view listen = scalar_below(value_of(tree.root, aff_view_of("source")), "listen");
	snprintf(name, sizeof name, "%.*s", (int)(text.n < 150 ? text.n : 150), text.p);
	tell(c, CONF_CHANGE_NEW, "channel", name, "channel %s is new%s%.*s", name, listen.n ? ": listens on " : "",
	     (int)listen.n, listen.p);
	tree_free(&tree);
}

static void tell_gone(struct comparing *c, const struct conf_file *file)
{
	struct tree tree;
	char name[160];
	if (!is_channel(file)) {
		tell(c, CONF_CHANGE_GONE, "file", file->name, "%s is gone", file->name);
		return;
	}
	read_tree(&tree, file, c);
	struct aff_view text = scalar_of(tree.root, "channel");
	snprintf(name, sizeof name, "%.*s", (int)(text.n < 150 ? text.n : 150), text.p);
	tell(c, CONF_CHANGE_GONE, "channel", name,
	     "channel %s is gone: nothing is taken for it any more; what waits for its destinations stays in the "
	     "journal, and is sent if it comes back", name);
	tree_free(&tree);
}

static void count_change(void *arg, const struct conf_change *change)
{
	struct comparing *outer = ((void **)arg)[0];
	size_t *n = ((void **)arg)[1];
	++*n;
	outer->fn(outer->arg, change);
}

/* A file that is in both, with other bytes. */
static void compare_file(struct comparing *c, const struct conf_file *before, const struct conf_file *after)
{
	struct tree a, b;
	size_t told = 0;
	void *counted[] = {c, &told};
	struct comparing inner = {.fn = count_change, .arg = counted};
	if (begins(after->name, "mappings/") || begins(after->name, "profiles/") || begins(after->name, "scripts/")) {
		tell(c, CONF_CHANGE_CHANGED, "file", after->name,
		     "%s changed: the channels that use it follow it from the next message on", after->name);
		return;
	}
	read_tree(&a, before, &inner);
	read_tree(&b, after, &inner);
	if (!is_channel(after)) {
		compare_settings(&inner, a.root, b.root);
	} else if (aff_view_equal(scalar_of(a.root, "channel"), scalar_of(b.root, "channel"))) {
		compare_channel(&inner, a.root, b.root);
	} else {
		tell_gone(&inner, before);
		tell_new(&inner, after);
	}
	if (!told && same(&inner, a.root, b.root))
		tell(c, CONF_CHANGE_LAYOUT, "file", after->name, "%s: comments or layout changed, its meaning did not",
		     after->name);
	else if (!told)
		tell(c, CONF_CHANGE_CHANGED, "file", after->name, "%s changed", after->name);
	c->error = c->error ? c->error : inner.error;
	tree_free(&a);
	tree_free(&b);
}

int conf_compare(const struct conf_files *before, const struct conf_files *after, conf_change_fn *fn, void *arg)
{
	struct comparing c = {.fn = fn, .arg = arg};
	for (size_t i = 0; i < after->count && !c.error; i++) {
		const struct conf_file *old = find_file(before, after->items[i].name);
		if (!old)
			tell_new(&c, &after->items[i]);
		else if (!aff_view_equal(old->bytes, after->items[i].bytes))
			compare_file(&c, old, &after->items[i]);
	}
	for (size_t i = 0; i < before->count && !c.error; i++)
		if (!find_file(after, before->items[i].name))
			tell_gone(&c, &before->items[i]);
	return c.error;
}

/* ---- settings, whatever else is wrong ---- */

/* A path of afferent.yaml as the engine takes it: a relative one counts from the configuration folder. */
static void put_path(const struct conf_files *files, const char *key, const char *fallback, struct aff_buf *out)
{
	struct comparing c = {.error = 0};
	struct tree tree = {.root = NULL};
	const struct conf_file *file = find_file(files, "afferent.yaml");
	if (file)
		read_tree(&tree, file, &c);
	struct aff_view path = scalar_of(tree.root, key);
	if (!path.n)
		path = aff_view_of(fallback);
	if (path.p[0] != '/')
		aff_buf_printf(out, "%s/", files->root);
	aff_buf_put_view(out, path);
	aff_buf_put_char(out, '\0');
	tree_free(&tree);
}

void conf_control_socket(const struct conf_files *files, struct aff_buf *out)
{
	put_path(files, "control", "afferent.sock", out);
}

void conf_journal_folder(const struct conf_files *files, struct aff_buf *out)
{
	put_path(files, "journal", "journal", out);
}
