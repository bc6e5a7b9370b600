#pragma once

#include "policy/clock.h"
#include "store/store.h"

/*
 * What time does to the cases (policy/clock.h says what, this does it): rungs
 * of the ladder, passed deadlines, prompts and checks, and people who have
 * left. All of it, for a case, is one transaction: who may read, the entry that
 * says so, who is to be notified.
 */

struct vault;

/* The store's marks of a case with this life: its order in queues, and when it
 * is to be looked at again. */
void life_to_marks(const struct vault *v, const struct store_case *c,
    const struct life *l, struct store_marks *m);

/*
 * Fires a rung: for clock_step, for a guardian who escalates, and where nobody
 * is left. Notes it in *l, and changes *c as the transaction does; the caller
 * calls clock_settle. Where nobody of the rung is living, an event says so and
 * the next one of its verb fires as well.
 */
enum err clock_fire_rung(struct store_txn *txn, struct vault *v,
    struct store_case *c, struct life *l, unsigned rung) MUST_CHECK;
/* Stores what life became, as marks, and *c with it; whoever was told that the
 * case is overdue is told no more, once no rung that says so stands. */
enum err clock_settle(struct store_txn *txn, struct vault *v,
    struct store_case *c, const struct life *l) MUST_CHECK;
/* Somebody who read the case reads it no more: it must not wait for its next
 * rung where nobody is left who handles it and is living. */
enum err clock_replace_handler(struct store_txn *txn, struct vault *v,
    struct store_case *c, struct life *l) MUST_CHECK;

/* One batch of cases that are due; true: it did something, and there may be
 * more. */
bool clock_run(struct vault *v);

/*
 * Goes through all cases, some at a time: who has left the organisation loses
 * their envelopes, and what a new policy says of time holds. After a start and
 * a change of policy (sweep_begin), and once a day. True as above.
 */
void sweep_begin(struct vault *v);
bool sweep_run(struct vault *v);
