#pragma once

#include "crypto/kind.h"
#include "store/store.h"

/*
 * What the instance says of a case: an entry without content, signed by the
 * instance key, in the talk chain (a notice) or the staff chain (an event).
 */

struct vault;

/*
 * Appends one, as part of the caller's batch, and moves *c's chain on. people:
 * whom it is about, in any order, at most ENTRY_PEOPLE_MAX. Errors as
 * txn_append.
 */
enum err event_append(struct store_txn *txn, struct vault *v,
    struct store_case *c, enum notice_code code, uint8_t number,
    const uint16_t *people, size_t n) MUST_CHECK;
