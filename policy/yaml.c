#include "policy/yaml.h"

#include <yaml.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/utf8.h"
#include "policy/arena.h"

#define FILE_NAME_MAX 96

struct yaml_doc {
	struct arena arena;
	char file[FILE_NAME_MAX];
	struct yaml_error error; /* text[0] = 0: none yet */
	size_t n_nodes;
	struct yaml_node *root;
};

/* While libyaml runs: its parser, and the event that is looked at. */
struct source {
	struct yaml_doc *doc;
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
};

static void __attribute__((format(printf, 4, 0))) record(struct yaml_doc *d,
    unsigned line, unsigned column, const char *fmt, va_list ap)
{
	struct yaml_error *e = &d->error;
	int n;

	if (e->text[0] != '\0')
		return;
	e->line = line;
	e->column = column;
	if (line > 0)
		n = snprintf(e->text, sizeof(e->text), "%s:%u:%u: ", d->file,
		    line, column);
	else
		n = snprintf(e->text, sizeof(e->text), "%s: ", d->file);
	if (n > 0 && (size_t)n < sizeof(e->text))
		vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, fmt, ap);
}

enum err
yaml_fail(struct yaml_doc *d, const struct yaml_node *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(d, at != NULL ? at->line : 0, at != NULL ? at->column : 0, fmt,
	    ap);
	va_end(ap);
	return ERR_SYNTAX;
}

static enum err __attribute__((format(printf, 3, 4)))
fail_at_mark(struct yaml_doc *d, yaml_mark_t mark, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(d, (unsigned)mark.line + 1, (unsigned)mark.column + 1, fmt, ap);
	va_end(ap);
	return ERR_SYNTAX;
}

static enum err
fail_in_libyaml(struct source *s)
{
	const yaml_parser_t *p = &s->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return ERR_NOMEM;
	if (p->error == YAML_READER_ERROR)
		return yaml_fail(s->doc, NULL,
		    "control characters are not allowed");
	return fail_at_mark(s->doc, p->problem_mark, "this is not YAML: %s",
	    p->problem != NULL ? p->problem : "unknown problem");
}

static void
drop_event(struct source *s)
{
	if (s->has_event)
		yaml_event_delete(&s->event);
	s->has_event = false;
}

static enum err
next_event(struct source *s)
{
	drop_event(s);
	if (!yaml_parser_parse(&s->parser, &s->event))
		return fail_in_libyaml(s);
	s->has_event = true;
	return ERR_OK;
}

/* The next event must be of that type. */
static enum err
expect_event(struct source *s, yaml_event_type_t type, const char *otherwise)
{
	enum err e = next_event(s);

	if (e == ERR_OK && s->event.type != type)
		e = fail_at_mark(s->doc, s->event.start_mark, "%s", otherwise);
	return e;
}

/* What every node may have in YAML and none may have here. */
static enum err
refuse_extras(struct source *s)
{
	const yaml_event_t *ev = &s->event;
	const void *anchor = NULL, *tag = NULL;

	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	} else {
		return fail_at_mark(s->doc, ev->start_mark,
		    "aliases (*name) are not allowed");
	}
	if (anchor != NULL)
		return fail_at_mark(s->doc, ev->start_mark,
		    "anchors (&name) are not allowed");
	if (tag != NULL)
		return fail_at_mark(s->doc, ev->start_mark,
		    "tags (!name) are not allowed");
	return ERR_OK;
}

static struct bytes
scalar_of(const yaml_event_t *ev)
{
	return BYTES(ev->data.scalar.value, ev->data.scalar.length);
}

/* Escapes in quotes can make any character. */
static bool
scalar_ok(struct bytes x)
{
	for (size_t i = 0; i < x.n; i++)
		if ((x.p[i] < 0x20 && x.p[i] != '\n' && x.p[i] != '\t') ||
		    x.p[i] == 0x7f)
			return false;
	return true;
}

static bool
key_ok(const yaml_event_t *ev)
{
	struct bytes x = scalar_of(ev);

	if (ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || x.n == 0 ||
	    x.n > YAML_KEY_MAX)
		return false;
	for (size_t i = 0; i < x.n; i++)
		if (memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "abcdefghijklmnopqrstuvwxyz0123456789_-",
			x.p[i], 64) == NULL)
			return false;
	return true;
}

static enum err
node_new(struct source *s, struct yaml_node **ret)
{
	struct yaml_doc *d = s->doc;
	struct yaml_node *node;
	enum err e = refuse_extras(s);

	if (e != ERR_OK)
		return e;
	if (d->n_nodes++ >= YAML_NODES_MAX) {
		(void)fail_at_mark(d, s->event.start_mark,
		    "there is too much in this file (%d parts at most)",
		    YAML_NODES_MAX);
		return ERR_LIMIT;
	}
	node = arena_alloc(&d->arena, 1, sizeof(*node));
	if (node == NULL)
		return ERR_NOMEM;
	node->line = (unsigned)s->event.start_mark.line + 1;
	node->column = (unsigned)s->event.start_mark.column + 1;
	node->text = "";
	*ret = node;
	return ERR_OK;
}

static enum err
fill_scalar(struct source *s, struct yaml_node *node)
{
	struct bytes x = scalar_of(&s->event);

	if (!scalar_ok(x))
		return yaml_fail(s->doc, node,
		    "control characters are not allowed");
	node->text = arena_text(&s->doc->arena, x);
	return node->text != NULL ? ERR_OK : ERR_NOMEM;
}

/* Takes the key of a map's member from the event. */
static enum err
read_key(struct source *s, const struct yaml_node *map, const char **ret_key)
{
	yaml_mark_t mark = s->event.start_mark;
	struct bytes x;
	const char *key;

	if (s->event.type != YAML_SCALAR_EVENT || !key_ok(&s->event))
		return fail_at_mark(s->doc, mark,
		    "a key of letters, digits, '-' and '_' is wanted here");
	if (s->event.data.scalar.anchor != NULL ||
	    s->event.data.scalar.tag != NULL)
		return refuse_extras(s);
	x = scalar_of(&s->event);
	key = arena_text(&s->doc->arena, x);
	if (key == NULL)
		return ERR_NOMEM;
	if (yaml_get(map, key) != NULL)
		return fail_at_mark(s->doc, mark,
		    "\"%s\" is here a second time", key);
	if (map->n >= YAML_KEYS_MAX)
		return fail_at_mark(s->doc, mark, "too many keys (%d at most)",
		    YAML_KEYS_MAX);
	*ret_key = key;
	return ERR_OK;
}

static enum err read_node(struct source *s, unsigned depth,
    struct yaml_node **ret);

/* Members up to the end of a list or map. */
static enum err
read_children(struct source *s, unsigned depth, struct yaml_node *node)
{
	const struct yaml_node **end = &node->first;
	struct yaml_node *child;
	const char *key = NULL;
	enum err e;

	for (;;) {
		if ((e = next_event(s)) != ERR_OK)
			return e;
		if (s->event.type == YAML_SEQUENCE_END_EVENT ||
		    s->event.type == YAML_MAPPING_END_EVENT)
			return ERR_OK;
		if (node->kind == YAML_MAP &&
		    ((e = read_key(s, node, &key)) != ERR_OK ||
			(e = next_event(s)) != ERR_OK))
			return e;
		if ((e = read_node(s, depth + 1, &child)) != ERR_OK)
			return e;
		child->key = key;
		*end = child;
		end = &child->next;
		node->n++;
	}
}

/* The node that the event begins. */
static enum err
read_node(struct source *s, unsigned depth, struct yaml_node **ret)
{
	struct yaml_node *node;
	enum err e = node_new(s, &node);

	if (e != ERR_OK)
		return e;
	if (s->event.type == YAML_SCALAR_EVENT) {
		node->kind = YAML_TEXT;
		e = fill_scalar(s, node);
	} else if (depth >= YAML_DEPTH_MAX) {
		return yaml_fail(s->doc, node, "this is nested too deeply");
	} else {
		node->kind = s->event.type == YAML_MAPPING_START_EVENT
		    ? YAML_MAP
		    : YAML_LIST;
		e = read_children(s, depth, node);
	}
	if (e == ERR_OK)
		*ret = node;
	return e;
}

static enum err
read_document(struct source *s)
{
	enum err e;

	if ((e = expect_event(s, YAML_STREAM_START_EVENT,
		 "this is not YAML")) != ERR_OK ||
	    (e = expect_event(s, YAML_DOCUMENT_START_EVENT,
		 "the file is empty")) != ERR_OK)
		return e;
	if (s->event.data.document_start.version_directive != NULL ||
	    s->event.data.document_start.tag_directives.start !=
		s->event.data.document_start.tag_directives.end)
		return fail_at_mark(s->doc, s->event.start_mark,
		    "directives (%%NAME) are not allowed");
	if ((e = next_event(s)) != ERR_OK ||
	    (e = read_node(s, 0, &s->doc->root)) != ERR_OK ||
	    (e = expect_event(s, YAML_DOCUMENT_END_EVENT,
		 "this is not YAML")) != ERR_OK)
		return e;
	return expect_event(s, YAML_STREAM_END_EVENT,
	    "a second document is not allowed");
}

/* libyaml would not say where. */
static enum err
check_utf8(struct yaml_doc *d, struct bytes x)
{
	yaml_mark_t mark = { 0 };
	uint32_t c;

	while (x.n > 0) {
		if (!utf8_next(&x, &c))
			return fail_at_mark(d, mark,
			    "a byte here is not text in UTF-8");
		mark.column++;
		if (c == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return ERR_OK;
}

static enum err
parse_into(struct yaml_doc *d, struct bytes x)
{
	struct source s = { .doc = d };
	enum err e;

	if (x.n > YAML_SIZE_MAX) {
		(void)yaml_fail(d, NULL, "the file is larger than %d KiB",
		    YAML_SIZE_MAX / 1024);
		return ERR_LIMIT;
	}
	if ((e = check_utf8(d, x)) != ERR_OK)
		return e;
	if (!yaml_parser_initialize(&s.parser))
		return ERR_NOMEM;
	yaml_parser_set_encoding(&s.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&s.parser, x.p, x.n);
	e = read_document(&s);
	drop_event(&s);
	yaml_parser_delete(&s.parser);
	return e;
}

enum err
yaml_parse(struct bytes x, const char *file, struct yaml_doc **ret,
    struct yaml_error *ret_error)
{
	struct yaml_doc *d = calloc(1, sizeof(*d));
	enum err e;

	memset(ret_error, 0, sizeof(*ret_error));
	if (d == NULL)
		return ERR_NOMEM;
	snprintf(d->file, sizeof(d->file), "%s", file);
	e = parse_into(d, x);
	if (e != ERR_OK) {
		*ret_error = d->error;
		yaml_free(d);
		return e;
	}
	*ret = d;
	return ERR_OK;
}

struct yaml_doc *
yaml_free(struct yaml_doc *d)
{
	if (d != NULL)
		arena_free(&d->arena);
	free(d);
	return NULL;
}

void
yaml_freep(struct yaml_doc **d)
{
	*d = yaml_free(*d);
}

const struct yaml_node *
yaml_root(const struct yaml_doc *d)
{
	return d->root;
}

const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	if (map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

const struct yaml_error *
yaml_error_of(const struct yaml_doc *d)
{
	return &d->error;
}
