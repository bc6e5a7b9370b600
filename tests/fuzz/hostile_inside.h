#pragma once

#include "tests/fuzz/hostile.h"

/* Between the files of hostile. */

/* Whether it is this trick, and its exchange is the present one. */
bool trick_is_now(const struct edit *e, enum trick trick);
/* The bytes behind the first two; 0 where there are no more. */
uint8_t trick_extra(const struct edit *e, size_t i);
/* As an edit, by the bytes behind the first two. */
void trick_change(const struct edit *e, struct buf *x);

/* Empty: it has none for them. */
struct bytes hostile_envelope(const struct sent *s, uint16_t person);

/* What the reader sends: checked and noted; a post is answered. */
void hostile_take_envelopes(const struct request_envelopes *q);
void hostile_take_post(const struct request_post *q, struct buf *proof,
    struct bundle_answer *a);
