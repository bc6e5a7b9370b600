#pragma once

#include "crypto/bytes.h"
#include "crypto/kind.h"

/*
 * For whom something waits, and when that is said to speakup-notify: a line
 * with the person's number, and nothing of what it is. It goes on ticks that
 * come about every limits.notify_minutes of the policy, each at a time drawn
 * anew; for bands of limits.notify_at_once with the next minute. Who was named
 * is named again on later ticks, until speakup-notify answers that it sent
 * something. What waits is kept over restarts (daemon/vault_living.h).
 */

struct vault;
struct store_case;

#define NOTIFY_LINE_MAX 6

struct notifier {
	int64_t next;	/* tick for all; 0: to be drawn */
	int64_t minute; /* tick for what is urgent */
	/* bit per person: named, and nothing new has come since */
	uint8_t named[65536 / 8];
};

/* Something waits for this person, in a case of that band. Within a batch. */
void notify_person(struct vault *v, uint16_t person, uint8_t band);
/*
 * A message was added to the case, which is as it is after it. Those for whom
 * it is new that something waits: of what a reporter wrote, everybody who is
 * released; of what gives the case to somebody, that person.
 */
void notify_message(struct vault *v, const struct store_case *c,
    enum message_kind kind, uint16_t author, uint16_t person);

/* speakup-notify has come: all that waits is said to it, on the next ticks. */
void notify_connected(struct vault *v);
/* Appends the lines that are to be said now, and counts them as said. To be
 * called every few seconds, while there is somebody to say them to. */
void notify_due(struct vault *v, struct buf *out);
/* speakup-notify has sent something to this person. */
void notify_answered(struct vault *v, uint16_t person);
/* How many people something waits for. */
size_t notify_waiting(const struct vault *v);
