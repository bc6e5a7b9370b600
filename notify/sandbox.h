#pragma once

#include "notify/config.h"

/*
 * What speakup-notify gives up before it connects to anybody, with a mail
 * server: starting processes, looking into others or signalling them, writing,
 * making or running any file, reading others than those of /etc, /usr and the
 * certificates, listening, TCP to other ports than the mail server's and DNS's,
 * and memory that is written and then run.
 *
 * Here others' code runs, which looks names up (nsswitch.conf(5)), so that a
 * call which is not on the list is ENOSYS instead of the end. With a hook,
 * whose needs nobody knows and which inherits all of this, there is no list: it
 * has only what the unit leaves.
 *
 * ERR_IO, ERR_UNSUPPORTED, ERR_NOMEM: something was refused.
 */
enum err sandbox_enter(const struct notify_config *c) MUST_CHECK;
