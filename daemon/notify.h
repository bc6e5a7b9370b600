#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * sd_notify(3) and sd_listen_fds(3) as their manual pages describe them,
 * without libsystemd: a few lines of datagram and environment.
 */

/* State lines such as "READY=1", to $NOTIFY_SOCKET where there is one. Nothing
 * is said about failures: there would be nobody to tell. */
void notify_send(const char *state);
/* RELOADING=1 with the monotonic time, as Type=notify-reload wants it. */
void notify_reloading(void);
/* How often WATCHDOG=1 is to be sent, in microseconds: half of what systemd
 * asks for, or 0 where it does not ask this process. */
uint64_t notify_watchdog(void);

#define LISTEN_FDS_FIRST 3
#define LISTEN_FDS_MAX 16
#define LISTEN_NAME_MAX 63

/*
 * Descriptors that systemd passed to this process: n of them (0: none), from
 * LISTEN_FDS_FIRST on, each with its name, "" where it has none. False: what
 * the environment says makes no sense.
 */
struct listen_fds {
	unsigned n;
	char names[LISTEN_FDS_MAX][LISTEN_NAME_MAX + 1];
};
bool notify_listen_fds(struct listen_fds *ret);
/* Takes all of these variables out of the environment: in a child. */
void notify_forget(void);
