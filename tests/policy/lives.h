#pragma once

#include "policy/clock.h"
#include "tests/policy/support.h"

/* Cases for tests of the clock. */

/* "2026-12-24 16:30", UTC. */
int64_t utc(const char *text);
/* As a concern begins, of the policy's serial. */
struct life filed(const struct policy *p, uint8_t band, const char *when);
/* An entry of this kind: with content where it must have it, to investigate
 * where it can say so, in the band that the case has. */
void act(const struct policy *p, const struct policy_route *r, struct life *l,
    enum message_kind kind, uint16_t author, const char *when);
/* Appends everything that is due at `now`, a line each: "2026-12-24 16:30 rung
 * 3". Fails the test where clock_due said another time. */
void step_all(const struct policy *p, const struct policy_route *r, int64_t now,
    struct life *l, struct buf *out);
/* Those lines are `want`. */
void must_happen(const struct policy *p, const struct policy_route *r,
    const char *until, struct life *l, const char *want);
