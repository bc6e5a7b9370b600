#pragma once

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
 * "kind", "author", "name", "text", "files": [{"name", "size"}], …}]}
 */
enum exit_code show_json(const struct term *t, const struct conversation *c,
    show_name *name, void *ctx) MUST_CHECK;
