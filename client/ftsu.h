#pragma once

#include "client/action.h"
#include "client/staff_case.h"

/* Between the files of ftsu's commands. */

/* Server, session and keys. staff_close in any case. */
enum exit_code ftsu_begin(const struct ftsu_options *o, struct staff *ret)
    MUST_CHECK;
/* The same and a case, fetched and checked. staff_case_close and staff_close
 * in any case. */
enum exit_code ftsu_begin_case(const struct ftsu_options *o, const char *id,
    struct staff *s, struct staff_case *k) MUST_CHECK;

/* A case by its whole name, or as much of its beginning as only one case of the
 * queue has (at least 4 digits). */
#define CASE_PREFIX_MIN 4
enum exit_code ftsu_case_id(struct staff *s, const char *text,
    uint8_t out[static CASE_ID_LEN]) MUST_CHECK;
/* A person by slug or number; what is wrong is said. */
enum exit_code ftsu_person(const struct staff *s, const char *text,
    const struct policy_person **ret) MUST_CHECK;
/* "yes" or "no". */
enum exit_code ftsu_yes_no(const struct term *t, const char *option,
    const char *text, bool *ret) MUST_CHECK;

/* The first answer that the concern gives to a question of the form; NULL. */
const char *concern_answer(const struct conversation *c, const char *field);
bool concern_has_answer(const struct conversation *c, const char *field,
    const char *value);

/* The text of an action: from --message, an editor, or standard input. must:
 * else only where --message says so. */
enum exit_code ftsu_text(const struct staff *s, bool must, struct buf *out)
    MUST_CHECK;

/*
 * What this person can do with the case now, by its name; others refuse it.
 * ftsu_check_may says a refusal with its reason and what there is instead.
 */
bool ftsu_may(const struct staff_case *k, enum message_kind kind);
void ftsu_say_choices(const struct staff_case *k);
enum exit_code ftsu_check_may(const struct staff_case *k, const struct entry *e)
    MUST_CHECK;
