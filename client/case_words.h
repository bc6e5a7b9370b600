#pragma once

#include "crypto/entry.h"
#include "crypto/state.h"

/* What states, flags and notices are called, for people. */

const char *case_state_text(enum case_state s);
/* Of one bit, CASE_IS_…: "an answer is awaited". */
const char *case_flag_text(unsigned flag);
/* Of what the server itself says in a case, to staff or to the reporter. */
const char *notice_text(enum notice_code code, bool to_staff);
