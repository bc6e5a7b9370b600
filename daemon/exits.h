#pragma once

/*
 * Exit codes of the service and of its fronts; the vault's own are in
 * daemon/vault.h. systemd starts the service again after EXIT_TRY_AGAIN alone
 * (systemd/speakupd@.service). EXIT_SUCCESS: ended as asked.
 */

#define EXIT_TRY_AGAIN 1 /* chance: a process died, no memory */
#define EXIT_USAGE 2	 /* the command line */
/* A write or sync failed: what is on the disk is known again after speakupctl
 * check. */
#define EXIT_STORAGE 74
/* Configuration, keys, policy or store: somebody has to change something. */
#define EXIT_CONFIG 78
