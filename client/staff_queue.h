#pragma once

#include "client/staff.h"

/* The cases that a member of staff may read, in the server's order: the next
 * deadline first. */
struct staff_queue {
	uint32_t open, breached;
	size_t n_overdue;
	struct answer_overdue overdue[BUNDLE_ROUTES_MAX];
	size_t n;
	struct answer_row *row;
	size_t room;
	/* what follows, where not everything was asked for */
	size_t cursor_len;
	uint8_t cursor[BUNDLE_CURSOR_MAX];
};

struct queue_filter {
	uint8_t bands;	 /* BAND_BIT; 0: all */
	uint32_t states; /* bits of enum case_state; 0: all */
	bool breached;
};

/* limit: rows of a page, 0 for the most there can be. All pages, or the first.
 * staff_queue_free in any case. */
enum exit_code staff_queue_fetch(struct staff *s, unsigned limit, bool all,
    struct staff_queue *ret) MUST_CHECK;
void staff_queue_free(struct staff_queue *q);
/* Drops what the filter does not want. */
void staff_queue_keep(struct staff_queue *q, const struct queue_filter *f);

/* From --band, --in and --breached; what is wrong is said. */
enum exit_code queue_filter_read(const struct staff *s,
    struct queue_filter *ret) MUST_CHECK;
bool queue_filter_is_set(const struct queue_filter *f);
/* "P3"; what is wrong is said. */
enum exit_code band_parse(const struct term *t, const char *text, uint8_t *ret)
    MUST_CHECK;

/* "in 3 h", "2 days over"; "-": none runs. */
#define DUE_TEXT_MAX 32
const char *due_text(int64_t due, int64_t now, char out[static DUE_TEXT_MAX]);
