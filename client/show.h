#pragma once

#include <jansson.h>

#include "client/conversation.h"
#include "client/file.h"

/* A checked conversation, for a person or as JSON. */

/* What to call an author; may write it to out. */
typedef const char *show_name(void *ctx, uint16_t person, char *out,
    size_t cap);

void show_messages(const struct term *t, const struct conversation *c,
    enum chain chain, show_name *name, void *ctx);
/*
 * {"case", "band", "route", "withdrawn", "plain", "messages": [{"chain", "seq",
 * "kind", "author", "name", "day", "text", "files": [{"name", "size"}], …}]};
 * for staff also "state" and "flags", and "readers". What an entry says besides
 * is under the names of its lines (crypto/entry.h). NULL: no memory.
 */
json_t *show_case_json(const struct conversation *c, show_name *name,
    void *ctx);
enum exit_code show_json(const struct term *t, const struct conversation *c,
    show_name *name, void *ctx) MUST_CHECK;
/* ["awaiting", "held"] */
json_t *flags_json(unsigned flags);
