#pragma once

#include <jansson.h>

#include "policy/arena.h"
#include "policy/names.h"
#include "policy/policy.h"

/*
 * The compiled form, described once by tables and read and written by the same
 * tables: every object has exactly the members of its shape, all of them.
 */

enum part_kind {
	PART_TEXT,	/* char[size]; empty only where min is 0 */
	PART_SLUG,	/* the same, [a-z0-9][a-z0-9-]* */
	PART_NUMBER,	/* unsigned of 1, 2, 4 or 8 bytes, min to max */
	PART_TIME,	/* int64_t, 0 to TIME_MAX: seconds or days */
	PART_BOOL,	/* bool */
	PART_HEX,	/* uint8_t[size] */
	PART_NAME,	/* an enum, by one of its names */
	PART_NAMES,	/* uint32_t, a mask over names; a list in their order */
	PART_BANDS,	/* uint8_t, a mask of bands: ["P1", "P2"] */
	PART_BAND,	/* uint8_t: "P1" */
	PART_DURATION,	/* struct policy_duration: "4 hours" */
	PART_RECIPIENT, /* struct age_recipient */
	PART_NUMBERS,	/* uint16_t[max], their number at `count` */
	PART_STRUCT,	/* a struct of `shape` */
	PART_LIST,	/* pointer to structs of `shape`, count, min to max */
	PART_OWN,	/* by functions of its own */
};

#define TIME_MAX 253402300799 /* the end of 9999 */

struct shape;
struct shape_reader;

struct part {
	const char *key;
	enum part_kind kind;
	size_t offset, size, count;
	uint64_t min, max;
	const struct names *names;
	const struct shape *shape;
	/* ERR_SYNTAX through shape_fail */
	enum err (*read)(struct shape_reader *r, const json_t *j, void *into);
	/* NULL: no memory */
	json_t *(*write)(const struct policy *p, const void *from);
};

struct shape {
	const struct part *part;
	size_t n;
	size_t size; /* of the struct */
};

#define PATH_MAX_LEN 80

struct shape_reader {
	struct policy *policy; /* what has been read so far of it */
	struct arena *arena;
	struct policy_problem *problem;
	char path[PATH_MAX_LEN]; /* "people[3].keys[0]" */
};

/* Records "path: sentence" and returns ERR_SYNTAX. */
enum err shape_fail(struct shape_reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
enum err shape_read(struct shape_reader *r, const json_t *j,
    const struct shape *shape, void *into) MUST_CHECK;
/* NULL: no memory. */
json_t *shape_write(const struct policy *p, const struct shape *shape,
    const void *from);

/* One string, copied with its NUL; for functions of their own. */
enum err shape_read_text(struct shape_reader *r, const json_t *j, char *out,
    size_t cap, size_t min) MUST_CHECK;
/* [a-z0-9][a-z0-9-]* */
bool shape_slug_ok(const char *s);

/* The whole document (policy_shape.c). */
extern const struct shape policy_shape;
