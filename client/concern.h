#pragma once

#include "client/outgoing.h"
#include "crypto/receipt.h"

/* The beginning of a case, by a reporter or by a guardian to whom it was told:
 * where it goes, and the receipt that it will answer to. */
struct concern {
	const struct policy_route *route;
	char words[RECEIPT_TEXT_MAX];
	struct receipt_keys keys;
	struct age_recipient reply;
};

/*
 * o->m has answers and exclusions: picks the route, makes a receipt, and
 * fills in what the author of a concern says. Then come its files, and
 * outgoing_address with ret->reply. concern_wipe in any case.
 */
enum exit_code concern_begin(struct outgoing *o, struct concern *ret)
    MUST_CHECK;
void concern_wipe(struct concern *c);
