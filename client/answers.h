#pragma once

#include "client/file.h"
#include "crypto/manifest.h"
#include "policy/policy.h"

/* The answers to a policy's form, and the people a concern is about. */
struct answers {
	const struct policy *policy;
	uint64_t mask[POLICY_FIELDS_MAX]; /* options chosen, by field */
	size_t n_about;
	uint16_t about[SEALED_EXCLUDE_MAX]; /* ascending */
};

/* "field=option"; '_' counts as '-'. What is wrong is said. */
enum exit_code answers_add(const struct term *t, struct answers *a,
    const char *text) MUST_CHECK;
/* A person by slug. */
enum exit_code answers_add_about(const struct term *t, struct answers *a,
    const char *slug) MUST_CHECK;
/*
 * A YAML map of fields to an option or a list of them; `text` is the message;
 * `id` and `band` are passed over. Where the file is a list of such maps, entry
 * is the id of the one that is meant.
 */
enum exit_code answers_read(const struct term *t, struct answers *a,
    const char *path, const char *entry, struct buf *text) MUST_CHECK;
/* Asks every question on the terminal. EXIT_DECLINED: nobody answers. */
enum exit_code answers_ask(const struct term *t, struct answers *a) MUST_CHECK;
/* In the order of the form. */
enum exit_code answers_fill(const struct term *t, const struct answers *a,
    struct manifest *m) MUST_CHECK;
