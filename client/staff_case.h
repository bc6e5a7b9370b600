#pragma once

#include "client/fetch.h"
#include "client/staff.h"

/* A case in a staff member's hands: fetched, checked, shown, answered. */
struct staff_case {
	struct staff *staff;
	struct conversation *c;
	struct folder folder;
	struct fetch fetch;
};
/* Fetches both chains and checks them. staff_case_close in any case. */
enum exit_code staff_case_open(struct staff *s,
    const uint8_t id[static CASE_ID_LEN], const char *save, const char *sealed,
    struct staff_case *ret) MUST_CHECK;
/* Fetches what came since, into the same conversation. */
enum exit_code staff_case_refresh(struct staff_case *k) MUST_CHECK;
void staff_case_close(struct staff_case *k);

/* The recipient that answers go to: of the concern, or written into a plain
 * concern as "reply: age1…". ERR_NOT_FOUND: there is none. */
enum err staff_case_reply_to(const struct staff_case *k,
    struct age_recipient *ret) MUST_CHECK;
