#pragma once

#include "crypto/note.h"
#include "daemon/config.h"

/*
 * The files that the configuration names, read and checked as far as that is
 * possible before anything is served. What is wrong is said in one sentence,
 * for the operator: it names files and never what is in them.
 */

struct complaint {
	char text[512];
};
/* Fills it; returns e. */
enum err complain(struct complaint *why, enum err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Read at the start, and again on SIGHUP. */
struct inputs {
	struct buf policy; /* the bundle of WIRE_POLICY */
	uint32_t serial;
	bool soft_expired;
	struct buf pages; /* the body of WIRE_PAGES; empty without pages */
	struct buf certificate, key; /* PEM; empty without TLS */
	bool certificate_ended;	     /* nobody's browser or program takes it */
};

/*
 * instance: what the newest root must name, or NULL. min_serial: an older
 * policy is refused. ret is as inputs_free leaves it. On failure ret_why is
 * filled (the one output that is).
 */
enum err inputs_load(const struct config *c, const struct note_key *instance,
    int64_t now, uint32_t min_serial, struct inputs *ret,
    struct complaint *ret_why) MUST_CHECK;
void inputs_free(struct inputs *in);

/* The vault's keys, read once; the caller wipes them. ret_instance: the
 * instance key's name and public half. */
enum err inputs_keys(const struct config *c, struct vault_secret *ret,
    struct note_key *ret_instance, struct complaint *ret_why) MUST_CHECK;

/* The whole of a file. ERR_IO, ERR_LIMIT: larger than out->max. */
enum err inputs_read(const char *path, struct buf *out,
    struct complaint *ret_why) MUST_CHECK;
