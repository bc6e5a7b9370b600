#pragma once

#include "client/common.h"
#include "client/conversation.h"
#include "client/file.h"

/* What ftsu's commands share: a member of staff, their keys, their session. */

#define STAFF_IDENTITIES_MAX 32

struct ftsu_options {
	struct common common;
	const char *identity;
	const char *passphrase_fd;
	const char *state;
	const char *session_file;
	const char *out;
	const char *message;
	struct option_list attach;
	const char *save;
	const char *sealed;
	uint64_t limit;
	bool all;
	bool classic;
	bool plaintext;
	bool force;
	uint64_t work_factor;
	/* what is picked out of the queue */
	struct option_list band;
	struct option_list in;
	bool breached;
	const char *area;
	/* what an action says */
	bool is_complex;
	const char *conduct;
	/* who is to read */
	const char *to;
	const char *from;
	const char *share;
	struct option_list pick;
	const char *summary;
	const char *terms;
	const char *expected;
	/* the record */
	struct option_list set;
	bool edit;
	/* a concern that was told */
	struct option_list answer;
	struct option_list about;
	const char *raised;
	bool keep_receipt;
	/* a flood */
	bool flood;
	bool is_second;
	bool has_written;
	bool dry_run;
	const char *since;
	const char *route;
	const char *sample;
	/* out of the cases */
	const char *open;
	const char *export;
	const char *hook;
	bool once;
};

struct staff {
	const struct ftsu_options *o;
	struct term term;
	struct server server;
	char *state; /* directory */
	char *session_path;
	/* after staff_unlock */
	struct age_identity ids[STAFF_IDENTITIES_MAX];
	size_t n_ids;
	const struct policy_person *person; /* NULL before */
	uint8_t seed[SIGN_SEED_LEN];
	/* after staff_session */
	uint8_t session[BUNDLE_SESSION_LEN];
	/* policies that this person's state remembers, the current one first */
	size_t n_known;
	struct known_policy known[CONVERSATION_POLICIES_MAX];
	struct policy *old[CONVERSATION_POLICIES_MAX];
};

/* Opens the server and remembers it. staff_close in any case. */
enum exit_code staff_open(const struct ftsu_options *o, struct staff *ret)
    MUST_CHECK;
void staff_close(struct staff *s);
/*
 * Holds what the server showed against what it showed before: another
 * organisation, an older root or policy are refused. Remembers it, and finds
 * the older policies that were seen here. Part of staff_open.
 */
enum exit_code staff_remember(struct staff *s) MUST_CHECK;
/* The server's address, without a slash at its end. */
struct bytes staff_server(const struct staff *s);

/* Reads the identity file and finds whose it is in the policy. */
enum exit_code staff_unlock(struct staff *s) MUST_CHECK;

/* Reads the session that login left. EXIT_LOGIN is said, also where it is
 * another server's: roots and policies are public, and whoever shows these
 * is not to be given a session. */
enum exit_code staff_session(struct staff *s) MUST_CHECK;
enum exit_code staff_session_save(struct staff *s,
    const uint8_t session[static BUNDLE_SESSION_LEN]) MUST_CHECK;
void staff_session_forget(struct staff *s);

/* Identities of a file, encrypted or not. EXIT_DONE with at least one. */
enum exit_code identities_read(const struct passphrase *p, const char *path,
    struct age_identity *out, size_t cap, size_t *ret_n) MUST_CHECK;

/* 32 hex digits; what is wrong is said. */
enum exit_code case_id_parse(const struct term *t, const char *text,
    uint8_t out[static CASE_ID_LEN]) MUST_CHECK;

/* "Priya Shah" or "person 7". */
const char *staff_name(const struct staff *s, uint16_t person, char *out,
    size_t cap);

/* The commands. */
enum exit_code ftsu_keygen(const void *values, const struct args *args);
enum exit_code ftsu_open(const void *values, const struct args *args);
enum exit_code ftsu_login(const void *values, const struct args *args);
enum exit_code ftsu_logout(const void *values, const struct args *args);
enum exit_code ftsu_queue(const void *values, const struct args *args);
enum exit_code ftsu_show(const void *values, const struct args *args);
/* Whatever staff writes: the kind is the command's name. */
enum exit_code ftsu_act(const void *values, const struct args *args);
enum exit_code ftsu_unopened(const void *values, const struct args *args);
enum exit_code ftsu_band(const void *values, const struct args *args);
enum exit_code ftsu_dismiss(const void *values, const struct args *args);
enum exit_code ftsu_investigators(const void *values, const struct args *args);
enum exit_code ftsu_assign(const void *values, const struct args *args);
enum exit_code ftsu_grant(const void *values, const struct args *args);
enum exit_code ftsu_handover(const void *values, const struct args *args);
enum exit_code ftsu_pull(const void *values, const struct args *args);
enum exit_code ftsu_record(const void *values, const struct args *args);
enum exit_code ftsu_new(const void *values, const struct args *args);
enum exit_code ftsu_search(const void *values, const struct args *args);
enum exit_code ftsu_watch(const void *values, const struct args *args);
