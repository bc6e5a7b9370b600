#pragma once

#include "crypto/bytes.h"

/* The states of a case, and what may be so beside its state: the words that
 * vault and clients share. What leads from one to another: policy/life.h. */

enum case_state {
	CASE_RECEIVED,
	CASE_ACKNOWLEDGED,
	CASE_TRIAGED,
	CASE_ADVICE,
	CASE_HANDLING,
	CASE_REFERRED,
	CASE_HUB,
	CASE_ASSIGNED, /* an investigation, without terms of reference yet */
	CASE_TERMS,
	CASE_EVIDENCE,
	CASE_REPORTED,
	CASE_REVIEWED,
	CASE_ACTION,
	CASE_FEDBACK,
	CASE_CLOSED, /* detriment watch */
	CASE_WITHDRAWN,
};
#define CASE_STATES (CASE_WITHDRAWN + 1)
const char *case_state_name(enum case_state s);
enum err case_state_parse(struct bytes text, enum case_state *ret) MUST_CHECK;

#define CASE_IS_AWAITING (1u << 0)   /* an answer of the reporter's */
#define CASE_IS_HELD (1u << 1)	     /* legal hold */
#define CASE_IS_COMPLEX (1u << 2)    /* longer deadline of the report */
#define CASE_IS_CONDUCT (1u << 3)    /* findings of conduct: review first */
#define CASE_IS_CLOSING (1u << 4)    /* one closed it; a second must agree */
#define CASE_IS_OVERRIDING (1u << 5) /* one asked; a second must agree */
#define CASE_IS_OVERRIDDEN (1u << 6) /* may be disclosed without consent */
#define CASE_IS_DISCLOSING (1u << 7) /* the reporter was asked for consent */
#define CASE_IS_CONSENTED (1u << 8)  /* and gave it */
#define CASE_IS_BREACHED (1u << 9)   /* a deadline passed, and is not met */
#define CASE_IS_REOPENED (1u << 10)
#define CASE_IS_SILENT (1u << 11)    /* no answer came; two must close it */
#define CASE_IS_DISMISSED (1u << 12) /* closed by nobody who acknowledged it */
#define CASE_FLAGS 13
/* "-", or names with commas between, in the order above. */
void case_flags_put(struct buf *out, unsigned flags);
enum err case_flags_parse(struct bytes text, uint16_t *ret) MUST_CHECK;
