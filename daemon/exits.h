#pragma once

/*
 * Exit codes, of children and of the service (EXIT_SUCCESS: ended as asked).
 * systemd restarts on all but the second: systemd/speakupd@.service.
 */

#define EXIT_USAGE 2	   /* the command line */
#define EXIT_NOT_STORED 3  /* a write or sync failed: nothing is written until
			      speakupctl check has passed */
#define EXIT_CONFIG 4	   /* configuration, keys or policy: somebody has to
			      change them */
#define EXIT_TRY_AGAIN 1   /* anything else */
