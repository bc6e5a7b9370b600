#pragma once

#include "client/ctl.h"

/* What speakupctl wants to know of a speakupd.yaml; speakupd -n is what
 * checks one. */

#define CTL_PATH_MAX 255
#define CTL_ROOTS_MAX 16
#define CTL_LISTENERS_MAX 16

struct ctl_config {
	char state[CTL_PATH_MAX + 1];
	char store_key[CTL_PATH_MAX + 1]; /* "": among systemd's credentials */
	char policy[CTL_PATH_MAX + 1];
	size_t n_roots;
	char root[CTL_ROOTS_MAX][CTL_PATH_MAX + 1];
	size_t n_listeners;
	char listener[CTL_LISTENERS_MAX][CTL_PATH_MAX + 1];
};
enum exit_code ctl_config_read(const struct term *t, const char *path,
    struct ctl_config *ret) MUST_CHECK;

struct ctl_counts {
	bool running; /* the daemon has the store open: nothing else is known */
	bool none;    /* no store is there */
	uint64_t cases, uploads, used, size_max;
};
/* What went wrong with the store in `dir`, as a sentence. */
enum exit_code ctl_store_failed(const struct term *t, const char *dir,
    enum err err) MUST_CHECK;
/* 64 hexadecimal digits, perhaps behind a passphrase. */
enum exit_code ctl_store_key_read(const struct ctl_options *o,
    const struct term *t, const char *path, uint8_t key[static SHA256_LEN])
    MUST_CHECK;
/* store_check, with each finding said. ret_cases on success. */
enum err ctl_store_check(const struct term *t, const char *dir,
    const uint8_t key[static SHA256_LEN], uint64_t *ret_cases) MUST_CHECK;
/* Opens the store for a moment. */
enum exit_code ctl_count_store(const struct ctl_options *o,
    const struct term *t, const struct ctl_config *c, struct ctl_counts *ret)
    MUST_CHECK;
