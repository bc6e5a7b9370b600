#pragma once

#include "notify/send.h"

/*
 * Between speakupd's socket and the sender. What comes is lines, each a
 * person's number; each is answered with the same line once something was sent
 * to them. Anything else ends the connection. Who waits is remembered only
 * while it lasts: speakupd remembers, and says it again.
 *
 * What cannot be sent is tried again after a minute, two, four … half an hour;
 * a connection that does not come about after one second, two … a minute.
 */

struct relay;

/* Both are borrowed until relay_free. */
enum err relay_new(const struct notify_config *config, struct sender *sender,
    struct relay **ret) MUST_CHECK;
/* Takes NULL; returns NULL. */
struct relay *relay_free(struct relay *r);

/* One turn: connects, waits for what comes or for what is to be tried, sends.
 * To be called for ever. */
void relay_turn(struct relay *r);

/* A line without its '\n': 1 to NOTIFY_PERSON_MAX in decimal. */
enum err relay_line(struct bytes line, uint16_t *ret) MUST_CHECK;
