#pragma once

#include "client/action.h"

/*
 * Envelopes for somebody who is to read a case: made from ours, for every
 * message that is shared and that they do not have, and sent ahead. The server
 * keeps them back until an entry names the digest over all that they have then.
 * Where nothing is to be sent, and what they have cannot be known, the entry
 * names the digest of nothing, and they keep what they have.
 *
 * e: the entry that will; its `grants` is filled in. What goes wrong is said;
 * EXIT_USAGE: they have no key for it, or have envelopes that only somebody
 * else knows.
 */
enum exit_code grant_send(struct staff_case *k, const struct action *a,
    struct entry *e) MUST_CHECK;
