#pragma once

#include "tests/daemon/vault_stage.h"

/*
 * Every kind of request, about a case, by somebody who may not read it. A kind
 * that is not asked does not compile.
 */

/* What somebody asks with: their session, and what they know of the case from
 * when they could read it. */
struct asking {
	struct world *w;
	uint16_t person;
	const struct reporter *r;
};
/* kind: below REQUEST_KINDS. */
enum answer ask_kind(const struct asking *a, unsigned kind);

/* Of this case they are told, byte for byte, what they are told of one that
 * never was. */
void assert_sees_nothing(struct world *w, uint16_t person,
    const struct reporter *r);
