#pragma once

#include "crypto/bytes.h"

/*
 * What a front answers from memory, made when a policy arrives and kept until
 * the next one: the bundle of GET /v1/policy, the text of GET /v1/plain, and
 * what the reporter's page says where no scripts run.
 */

struct pages {
	struct buf policy; /* padded */
	struct buf plain; /* padded; empty where plain concerns are not taken */
	struct buf section; /* from PUBLIC_PAGE_MARK on, policy/public_page.h */
	uint32_t serial;
	bool soft_expired;
};

/* bundle: the body of WIRE_POLICY. The signatures are checked again here, so
 * that nothing is served that no client would take. Errors of roots_walk and
 * policy_open. ret is as pages_free leaves it, or holds pages that are
 * replaced. */
enum err pages_make(struct bytes bundle, int64_t now, struct pages *ret)
    MUST_CHECK;
void pages_free(struct pages *p);
