#pragma once

#include "client/term.h"
#include "crypto/manifest.h"
#include "crypto/manifest.h"
#include "policy/members.h"
#include "policy/words.h"

/* A policy in words, for reporters and operators. */

/* "Northshire, policy 3: issued …, should be renewed by …, ends …." */
void policy_say_head(const struct term *t, const struct policy *p);
/* Who reads at once on a route, who later and when, who is only told. */
void policy_say_route(const struct term *t, const struct policy *p,
    const struct policy_route *r);
/*
 * Who would get this concern, by name: at once; later and when, by the rungs
 * that count in its band; told only that something is overdue; never, because
 * the reporter left them out.
 */
void policy_say_readers(const struct term *t, const struct policy *p,
    const struct policy_route *r, const struct manifest *m, int64_t day);
