#pragma once

#include "daemon/vault_clock.h"
#include "daemon/vault_state.h"
#include "tests/daemon/vault_world.h"

/*
 * Cases put straight into a vault's store, with the readers and the life that a
 * concern gives them, and what the clock then makes of them. They are known by
 * a number of the test's.
 */

/* n cases from number `from` on, filed at w->now. */
void cases_add(struct world *w, unsigned from, unsigned n, uint16_t route,
    uint8_t band);
void case_get(struct world *w, unsigned number, struct store_case *ret);
struct life life_of(struct world *w, unsigned number);
/* As an action would: stored and settled. */
void case_set_life(struct world *w, unsigned number, const struct life *l);
/* What somebody is to it: READER_… */
uint8_t case_access(struct world *w, unsigned number, uint16_t person);

/* Ticks until there is nothing more to do; returns how many did something. */
unsigned clock_settle_down(struct world *w);
/* Moves the clock from one due time to the next, up to `until`. */
void clock_live(struct world *w, int64_t until);

/*
 * What the instance has said of a case, staff's chain and then the reporter's,
 * each entry "CODE NUMBER PEOPLE": "breached 1, joined 2 3 5 | prompt 1". The
 * signatures and both chains are verified.
 */
void assert_story(struct world *w, unsigned number, const char *expected);

/* A time in UTC: "2026-12-30 12:00". */
int64_t at_utc(const char *text);
/* They sign in: are living. */
void signs_in(struct world *w, uint16_t person);
