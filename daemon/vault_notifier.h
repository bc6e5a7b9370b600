#pragma once

#include <event2/event.h>

#include "daemon/vault.h"

/*
 * The socket that speakup-notify connects to, on the vault's loop. One peer at
 * a time; it is told lines with a person's number (daemon/vault_notify.h) and
 * answers with the same. A peer that says anything else, or does not read, is
 * let go.
 */

struct vault_notifier;

/* Takes fd, a listening socket, also on failure. vault is borrowed until
 * vault_notifier_free. */
enum err vault_notifier_new(struct event_base *base, int fd,
    struct vault *vault, struct vault_notifier **ret) MUST_CHECK;
/* Takes NULL; returns NULL. */
struct vault_notifier *vault_notifier_free(struct vault_notifier *n);
/* Says what is due. To be called every few seconds; takes NULL. */
void vault_notifier_beat(struct vault_notifier *n);
