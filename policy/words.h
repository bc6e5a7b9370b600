#pragma once

#include "policy/names.h"
#include "policy/policy.h"

/* Parts of a policy in plain words; NUL-terminated, cut where they do not
 * fit. */

#define WORDS_PERSON_MAX (2 * POLICY_NAME_MAX + 8)
#define WORDS_RUNG_MAX 160

/* "Amina Okafor (Lead Guardian)"; "somebody unknown" where there is nobody. */
void policy_person_text(const struct policy *p, uint16_t number, char *out,
    size_t cap);
/* "if nobody has acknowledged it within 2 working days" */
void policy_rung_text(const struct policy_rung *g, char *out, size_t cap);
/* "P1, P2 and P4"; "all bands" */
void policy_bands_text(uint8_t bands, char *out, size_t cap);
