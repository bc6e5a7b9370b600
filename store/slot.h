#pragma once

#include "store/seal.h"

/*
 * A page of eight case slots: one value of one LMDB page. Case number n is
 * slot n % 8 of page n / 8. A slot (506 bytes; integers big-endian):
 *
 *   used (1; 0: all of the slot is zero), kind, band, closed, breached,
 *   readers (1 each), case id (16), case key (32), mailbox hash (32), case
 *   public key (32), route (2), day of filing (4), policy serial (8),
 *   per chain: count (4), head (32), index version (4), reporter's messages
 *   (4), bytes of attachments (8), deadline (8), due (8), life (56),
 *   up to 32 readers: person (2), access (1); the rest is zero, for later.
 */
#define SLOT_LEN 506
#define SLOTS_PER_PAGE 8
#define SLOT_PAGE_PLAIN (SLOT_LEN * SLOTS_PER_PAGE)
/* 4096 less the header of an LMDB page. */
#define SLOT_PAGE_LEN (SLOT_PAGE_PLAIN + SEAL_OVERHEAD)
_Static_assert(SLOT_PAGE_LEN == 4096 - 16, "a page of slots fills a page");

struct slot {
	bool used;
	struct store_case c;
	uint8_t key[AEAD_KEY_LEN];
	uint32_t version; /* of the index; it carries the same */
};

/* ERR_CORRUPT: a number is out of its range. */
enum err slot_get(const uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    struct slot *ret) MUST_CHECK;
void slot_put(uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    const struct slot *slot);
void slot_clear(uint8_t page[static SLOT_PAGE_PLAIN], unsigned i);
/* Whether these bits of access go together. */
bool access_fits(unsigned access);
/* Whether a person may have envelopes of this case, given or kept back. */
bool case_has_envelopes_for(const struct store_case *c, uint16_t person);
/* Just the ids, for looking up. */
bool slot_has_id(const uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    const uint8_t id[static STORE_CASE_ID_LEN]);
bool slot_has_mailbox(const uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    const uint8_t mailbox[static SHA256_LEN]);
