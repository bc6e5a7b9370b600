#pragma once

#include <jansson.h>

#include "client/term.h"

/* One line of JSON on standard output, in ASCII: names and texts from outside
 * cannot steer a terminal. Takes j over; NULL: there was no memory for it. */
enum exit_code json_print(const struct term *t, json_t *j) MUST_CHECK;
