#pragma once

#include "daemon/front.h"

/*
 * One connection of a visitor:
 *
 *   HANDSHAKE -> IDLE -> HEAD -> BODY -> ASKING -> WAITING -> ANSWERING -+
 *                 ^      (pages) '--------------------------->           |
 *                 '---------------------- keep-alive --------------------+
 *                                         otherwise: LINGER -> freed
 *
 * Each state has an absolute deadline. One request at a time: what comes
 * behind it stays in the socket until it is answered.
 */

/* Takes fd, except on failure. */
enum err conn_new(struct front *f, int fd, unsigned flags, bool is_pressed)
    MUST_CHECK;
/* The vault's answer; body is borrowed. Takes over what is charged. */
void conn_answered(struct conn *c, enum answer a, struct bytes body,
    size_t charged);
/* One that waits for memory or a ticket tries again; false: it still waits. */
bool conn_resume(struct conn *c);
/* Closes the connection that has been longest without a whole head (in the
 * handshake, idle, or within a head), if any; a pressed one before others. */
void conn_drop_early(struct front *f);
/* Closes all that are idle; the others close after their answer. */
void conn_drain(struct front *f);
/* Closes everything. */
void conn_free_all(struct front *f);
