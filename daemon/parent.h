#pragma once

#include "daemon/channel.h"
#include "daemon/config.h"
#include "daemon/inputs.h"
#include "daemon/listeners.h"

/*
 * The parent: reads configuration and files, starts vault and fronts and
 * connects them, starts a front again that died, tells systemd how things
 * are. No request passes through it.
 */

struct parent;

/* One process that the parent started. */
struct child {
	struct parent *parent;
	int pid;		 /* 0: not running */
	struct channel *channel; /* NULL: gone, or not started */
	bool is_vault, is_ready;
	unsigned number;     /* of a front, from 0 */
	int64_t started;     /* monotonic seconds */
	unsigned silent;     /* ticks since it said that it lives */
	unsigned failures;   /* in a row, for the back-off */
	struct event *again; /* a front's next start */
};

struct parent {
	struct event_base *base;
	const struct config *config;
	struct inputs inputs;
	struct inputs next; /* read on SIGHUP, while the vault decides */
	struct vault_secret secret;	/* wiped once the vault has it */
	uint8_t work_key[WORK_KEY_LEN]; /* drawn at each start */
	struct note_key instance;
	struct listeners listeners;
	struct child vault;
	struct child fronts[CONFIG_FRONTS_MAX];
	struct event *signals[4];
	struct event *tick, *watchdog, *end;
	bool is_ready, is_reloading, is_reload_wanted, is_stopping;
	int code; /* what the service ends with */
};

/* Serves until it is told to stop; returns an exit code. Takes nothing. */
int parent_run(struct parent *p);

/* --- parent_child.c --- */

/* Forks and executes the role, with the other end of a new channel. */
enum err child_start(struct child *c, const struct channel_calls *calls)
    MUST_CHECK;
/* Its process has ended. */
void child_forget(struct child *c);
void child_kill(struct child *c);
/* Frames for each role from what the parent holds; the first of them include
 * the start. */
enum err child_introduce_vault(struct parent *p) MUST_CHECK;
enum err child_introduce_front(struct parent *p, struct child *c) MUST_CHECK;
enum err child_send_policy(struct child *c, const struct inputs *in) MUST_CHECK;
enum err child_send_pages(struct child *c, const struct inputs *in) MUST_CHECK;
enum err child_send_tls(struct child *c, const struct inputs *in) MUST_CHECK;
int64_t monotonic_now(void);
