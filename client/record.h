#pragma once

#include "client/conversation.h"
#include "client/file.h"

/*
 * The sealed case record: a `record` message whose text is lines
 * `field: value`, each field at most once, in the order of record_fields; what
 * is not known is not there. A later one replaces all of an earlier one, and
 * the chain keeps both.
 */

enum record_field {
	RECORD_RAISED,	    /* open, confidential or anonymous */
	RECORD_ELEMENTS,    /* options of the form's question, with commas */
	RECORD_SUBCATEGORY, /* one of the form's options */
	RECORD_GROUP,	    /* worker group; one of the form's options */
	RECORD_ACTIONS,
	RECORD_OUTCOME,
	RECORD_LEARNING,
	RECORD_AGAIN,	/* would they speak up again: yes, no, maybe, unknown */
	RECORD_RECEIPT, /* of a concern that was told, where it is kept */
};
#define RECORD_FIELDS (RECORD_RECEIPT + 1)
#define RECORD_VALUE_MAX 2000
#define RECORD_MAX (RECORD_FIELDS * (RECORD_VALUE_MAX + 64))

struct record {
	char *value[RECORD_FIELDS]; /* NULL: not known */
};
void record_free(struct record *r);
const char *record_field_name(enum record_field f);

/* Sets or, where value is empty, clears. What is wrong is said. p: for the
 * options of its form; NULL: of any policy, as it was kept. */
enum exit_code record_set(const struct term *t, const struct policy *p,
    struct record *r, const char *field, struct bytes value) MUST_CHECK;
/* Lines; those that are empty or begin with '#' are passed over. */
enum exit_code record_read(const struct term *t, const struct policy *p,
    struct bytes text, struct record *r) MUST_CHECK;
/* all: also fields without a value, for an editor. */
void record_put(const struct record *r, bool all, struct buf *out);

/* The latest record of a case that can be read; NULL. */
const struct conversation_message *record_find(const struct conversation *c);
/* The value of a field there; false where it has none. */
bool record_latest(const struct conversation *c, const char *field, char *out,
    size_t cap);
