#pragma once

#include "client/term.h"
#include "policy/members.h"

/* A policy in words, for reporters and operators. */

/* "Northshire, policy 3: issued …, should be renewed by …, ends …." */
void policy_say_head(const struct term *t, const struct policy *p);
/* Who reads at once on a route, who later and when, who is only told. */
void policy_say_route(const struct term *t, const struct policy *p,
    const struct policy_route *r);
/* "Amina Okafor, Lead Guardian"; "somebody unknown" where there is nobody. */
void policy_person_text(const struct policy *p, uint16_t number, char *out,
    size_t cap);
/* "when it is unacknowledged after 2 working days" */
void policy_rung_text(const struct policy_rung *g, char *out, size_t cap);

/*
 * Who would get this concern, by name: at once; later and when; told only that
 * something is overdue; never, because the reporter left them out.
 */
void policy_say_readers(const struct term *t, const struct policy *p,
    const struct policy_route *r, const uint16_t *marked, size_t n_marked,
    int64_t day);
