#pragma once

#include "tests/fuzz/model.h"

/* Who somebody is to a case, as in docs/PROTOCOL.md, "States". */
#define R 1u
#define H 2u
#define I 4u
#define E 8u
#define A 16u
unsigned model_parts(const struct model_case *c, uint32_t serial,
    uint16_t person, bool called);
/* By its route as it is now. */
bool model_is_called(const struct model_case *c, uint32_t serial,
    uint16_t person, bool called);
bool model_rung_joins(uint16_t route, unsigned rung, uint16_t person);
bool model_rung_tells(uint16_t route, unsigned rung, uint16_t person);

void model_append(struct model_case *c, enum chain chain,
    const struct model_message *m);
/* They are nothing to the case any more. */
void model_drop(struct model_case *c, uint16_t person);
void model_apply_life(struct model_case *c, const struct entry *e,
    int64_t today);
