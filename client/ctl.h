#pragma once

#include "client/file.h"
#include "client/options.h"
#include "client/signer.h"
#include "policy/policy.h"

/* What speakupctl's commands share. */

struct ctl_options {
	bool json;
	bool force;
	bool passphrase;
	const char *passphrase_fd;
	uint64_t work_factor;
	const char *kind;
	const char *name;
	const char *out;
	const char *org;
	uint64_t quorum;
	struct option_list policy_keys;
	struct option_list instance_keys;
	const char *previous;
	struct option_list keys; /* files of signing keys */
	struct option_list roots;
	const char *people_keys;
	uint64_t serial;
	const char *issued;
	const char *store_key;
	const char *config;
	const char *root_hash;
	struct option_list about; /* slugs of people */
	const char *concerns;	  /* file of answers */
	const char *from;	  /* time of filing */
	const char *server;
	const char *ca_file;
	const char *proxy;
	const char *dir;     /* of the pages for browsers */
	const char *onion;   /* address, for the poster */
	const char *policy;  /* signed, for the poster */
	uint64_t keep;	     /* how many backups; 0: all */
	const char *new_key; /* file of the next store key */
};

static inline struct term
ctl_term(const struct ctl_options *o)
{
	return (struct term){ .program = "speakupctl", .json = o->json };
}

static inline struct passphrase
ctl_passphrase(const struct ctl_options *o, const struct term *t)
{
	return (struct passphrase){ .term = t, .fd = o->passphrase_fd };
}

enum exit_code ctl_key_new(const void *values, const struct args *args);
enum exit_code ctl_key_show(const void *values, const struct args *args);
enum exit_code ctl_root_new(const void *values, const struct args *args);
enum exit_code ctl_root_sign(const void *values, const struct args *args);
enum exit_code ctl_root_show(const void *values, const struct args *args);
enum exit_code ctl_policy_check(const void *values, const struct args *args);
enum exit_code ctl_policy_compile(const void *values, const struct args *args);
enum exit_code ctl_policy_sign(const void *values, const struct args *args);
enum exit_code ctl_policy_show(const void *values, const struct args *args);
enum exit_code ctl_policy_verify(const void *values, const struct args *args);
enum exit_code ctl_policy_explain(const void *values, const struct args *args);
enum exit_code ctl_policy_diff(const void *values, const struct args *args);
enum exit_code ctl_policy_simulate(const void *values, const struct args *args);
enum exit_code ctl_web_manifest(const void *values, const struct args *args);
enum exit_code ctl_poster(const void *values, const struct args *args);
enum exit_code ctl_web_sign(const void *values, const struct args *args);
enum exit_code ctl_check(const void *values, const struct args *args);
enum exit_code ctl_status(const void *values, const struct args *args);
enum exit_code ctl_backup(const void *values, const struct args *args);
enum exit_code ctl_epoch(const void *values, const struct args *args);

/* A policy in any of its forms: YAML is compiled; JSON and notes are read as
 * they are, unverified. Caller frees. */
enum exit_code ctl_policy_load(const struct ctl_options *o,
    const struct term *t, const char *path, struct policy **ret) MUST_CHECK;
/* Says so where nobody in it can read anything. */
void ctl_warn_keyless(const struct term *t, const struct policy *p);
/* Lines of a text, cleaned and wrapped, each behind its own indent. */
void ctl_say_lines(const struct term *t, const struct buf *text);

/*
 * Signs `path` with every --key: a text (first line `space`) becomes a note, a
 * note gets further signatures; written to --out, or over the file.
 */
enum exit_code ctl_sign_file(const struct ctl_options *o, const char *path,
    const char *space) MUST_CHECK;
