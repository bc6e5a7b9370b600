#pragma once

#include "crypto/bytes.h"

/*
 * A strict reader of a small part of YAML 1.1: one document of maps, lists and
 * scalars, every scalar taken as text. Refused, with a place: repeated keys,
 * keys that are not plain scalars, anchors, aliases, tags, merge keys, a
 * second document, directives, bytes that are not UTF-8, NUL and other control
 * characters, and anything past the limits below. Keys are [A-Za-z0-9_-]+.
 * Used for the policy language, for speakupd's configuration and for sample
 * concerns.
 */

#define YAML_SIZE_MAX (512 * 1024)
#define YAML_DEPTH_MAX 12
#define YAML_NODES_MAX 20000
#define YAML_KEY_MAX 64
#define YAML_KEYS_MAX 512   /* in one map */
#define YAML_DAY_MAX 376199 /* the last of 2999 */

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	unsigned line, column;	       /* from 1 */
	const char *key;	       /* in a map; else NULL */
	const char *text;	       /* YAML_TEXT: NUL-terminated; else "" */
	size_t n;		       /* number of children */
	const struct yaml_node *first; /* child, in the order of the file */
	const struct yaml_node *next;  /* sibling */
};

/* "file:line:column: sentence"; line and column are 0 where there is none. */
struct yaml_error {
	unsigned line, column;
	char text[160];
};

struct yaml_doc; /* opaque: the tree, the file's name, the first error */

/*
 * file is only a name for messages; it and x are not kept. On failure ret_error
 * is filled (the one output that is). ERR_SYNTAX, ERR_LIMIT, ERR_NOMEM.
 */
enum err yaml_parse(struct bytes x, const char *file, struct yaml_doc **ret,
    struct yaml_error *ret_error) MUST_CHECK;
/* Takes NULL; returns NULL. */
struct yaml_doc *yaml_free(struct yaml_doc *d);
void yaml_freep(struct yaml_doc **d);
#define CLEAN_YAML __attribute__((cleanup(yaml_freep)))

/* Borrowed until yaml_free; never NULL. */
const struct yaml_node *yaml_root(const struct yaml_doc *d);
/* NULL where the map has no such key. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Records "file:line:column: sentence" at the node's place (the first such
 * error stays) and returns ERR_SYNTAX. */
enum err yaml_fail(struct yaml_doc *d, const struct yaml_node *at,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const struct yaml_error *yaml_error_of(const struct yaml_doc *d);

/* --- one scalar --- */

/* One line (a last newline falls away), not empty, no control characters, at
 * most cap - 1 bytes; copied with its NUL. */
enum err yaml_text(struct yaml_doc *d, const struct yaml_node *at, char *out,
    size_t cap) MUST_CHECK;
/* [a-z0-9][a-z0-9-]*, at most cap - 1 bytes. */
enum err yaml_slug(struct yaml_doc *d, const struct yaml_node *at, char *out,
    size_t cap) MUST_CHECK;
/* Decimal without sign or leading zero, min to max. */
enum err yaml_number(struct yaml_doc *d, const struct yaml_node *at,
    uint64_t min, uint64_t max, uint64_t *ret) MUST_CHECK;
/* yes, no, true, false. */
enum err yaml_bool(struct yaml_doc *d, const struct yaml_node *at, bool *ret)
    MUST_CHECK;
/* 2026-11-21, as days since 1970-01-01: from that day on, to YAML_DAY_MAX. */
enum err yaml_day(struct yaml_doc *d, const struct yaml_node *at, int64_t *ret)
    MUST_CHECK;

/* --- a map, by table --- */

enum yaml_field_kind {
	YAML_AS_TEXT,	/* char[size] */
	YAML_AS_SLUG,	/* char[size] */
	YAML_AS_NUMBER, /* unsigned of size 1, 2, 4 or 8, min to max */
	YAML_AS_BOOL,	/* bool */
	YAML_AS_DAY,	/* int64_t */
	YAML_AS_NODE,	/* const struct yaml_node *: to be read later */
	YAML_AS_HANDLER /* read(doc, node, into) */
};

struct yaml_field {
	const char *key;
	enum yaml_field_kind kind;
	bool required;
	size_t offset, size;
	uint64_t min, max;
	/* Returns ERR_SYNTAX through yaml_fail. `into` is the whole struct. */
	enum err (*read)(struct yaml_doc *d, const struct yaml_node *at,
	    void *into);
};

#define YAML_FIELD_OF(type, member) \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

/*
 * Reads every member of a map into a struct by its table of n fields. A node
 * that is not a map, an unknown key (with the nearest known one, where one is
 * near), a missing required key and a bad value are errors with their place.
 * What is absent is left as it was.
 */
enum err yaml_read_map(struct yaml_doc *d, const struct yaml_node *map,
    const struct yaml_field *fields, size_t n, void *into) MUST_CHECK;

/* Calls read(doc, item, into) for every item of a list of min to max items; a
 * scalar counts as a list of one. */
enum err yaml_read_list(struct yaml_doc *d, const struct yaml_node *list,
    size_t min, size_t max,
    enum err (*read)(struct yaml_doc *d, const struct yaml_node *at,
	void *into),
    void *into) MUST_CHECK;
