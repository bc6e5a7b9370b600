#pragma once

#include "crypto/env.h"
#include "store/keyset.h"
#include "store/map.h"
#include "store/slot.h"

/*
 * What the store keeps in memory: made from the slots and uploads at start,
 * changed after each commit by the difference between slots before and after.
 * It holds numbers and keyed tags only: no id, no mailbox, no key.
 *
 * About 120 bytes a case with five readers: two map entries, a key in each
 * reader's queue.
 */

struct person_queue {
	uint16_t person;
	struct keyset keys; /* queue_key */
	uint64_t open, breached, given;
	/* Counts this person's own changes, so that it says nothing of any
	 * other's. */
	uint64_t changes;
	struct store_told *told; /* routes ascending; none is 0 */
	size_t n_told, cap_told;
};

struct memory {
	struct map ids, mailboxes; /* -> case number */
	struct map uploads;	   /* -> upload number */
	struct keyset free_slots;  /* in pages that exist */
	struct keyset due;	   /* quarter << 32 | case number */
	struct keyset upload_age;  /* hour << 32 | upload number */
	struct keyset upload_due;  /* second << 32 | upload number */
	struct upload_time *time;  /* of uploads, by number */
	size_t n_times, cap_times;
	struct person_queue *queue; /* sorted by person */
	size_t n_queues, cap_queues;
	uint64_t cases, n_uploads;
	uint64_t attachments; /* bytes */
	uint64_t incoming;    /* of uploads, upload_charge of each */
	uint64_t start;	      /* random: where versions count from */
	uint32_t pages;	      /* of slots */
};

enum err memory_init(struct memory *m, const struct env *env) MUST_CHECK;
void memory_clear(struct memory *m);

/* before, after: NULL or unused where there is no case. */
enum err memory_change_slot(struct memory *m, uint32_t number,
    const struct slot *before, const struct slot *after) MUST_CHECK;
/* A page of slots that is new, or read at start: before NULL. */
enum err memory_change_page(struct memory *m, uint32_t page,
    const uint8_t *before, const uint8_t *after) MUST_CHECK;

/* When an upload began and when it is due, in seconds; of one that was there
 * at the start, the end of the hour of its last piece. */
struct upload_time {
	uint32_t number;
	uint32_t begun, due;
};
/* NULL: there is no such upload. */
const struct upload_time *memory_upload_time(const struct memory *m,
    uint32_t number);

/* An upload as the memory sees it; bytes: received so far. */
struct upload_mark {
	uint64_t tag;
	uint32_t number;
	uint32_t hour;
	uint32_t begun, due;
	uint64_t bytes;
};
enum err memory_add_upload(struct memory *m, const struct upload_mark *u)
    MUST_CHECK;
void memory_remove_upload(struct memory *m, const struct upload_mark *u);

/* --- memory_queue.c --- */

/* Order in a queue: open before closed, band, deadline, number. */
uint64_t queue_key(const struct store_case *c, uint32_t number);
#define KEY_NUMBER(key) ((uint32_t)(key))
/* NULL where the person has none. */
const struct person_queue *memory_queue(const struct memory *m,
    uint16_t person);
void memory_queues_clear(struct memory *m);
/* A case's rows and counts, of all its readers. */
enum err memory_rows_add(struct memory *m, uint32_t number,
    const struct store_case *c) MUST_CHECK;
void memory_rows_remove(struct memory *m, uint32_t number,
    const struct store_case *c);
/* Raises `changes` of everybody for whom these two differ; either may be
 * NULL. They are in the memory, or were. */
void memory_rows_touch(struct memory *m, const struct store_case *before,
    const struct store_case *after);

#define QUARTER_SECONDS 900
/* The quarter a time falls in, rounded up; 0 for never. */
uint32_t quarter_of(int64_t seconds);
