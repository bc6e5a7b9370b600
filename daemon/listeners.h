#pragma once

#include "daemon/config.h"
#include "daemon/inputs.h"
#include "daemon/notify.h"

/*
 * Listening sockets: those that systemd passed, by their names; the others
 * bound here.
 */
struct listeners {
	size_t n;
	int fd[CONFIG_LISTENERS_MAX]; /* in the order of the configuration */
	bool has_notify;
	int notify; /* where speakup-notify connects */
};

/* On failure ret_why is filled, and nothing is left open. */
enum err listeners_open(const struct config *c, const struct listen_fds *passed,
    struct listeners *ret, struct complaint *ret_why) MUST_CHECK;
void listeners_close(struct listeners *l);
