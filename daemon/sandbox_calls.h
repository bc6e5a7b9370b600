#pragma once

#include <stdbool.h>

#include "crypto/err.h"

/*
 * The system calls of each role, for the rest of its life. A call that is
 * missing here ends the process, so also what is rare has to be here: growing
 * the map, a full disk, abort(), what an older kernel's clock needs.
 */
/* counts_peers: accept may tell the peer's address (front_peer.h). */
enum err sandbox_calls_front(bool counts_peers) MUST_CHECK;
enum err sandbox_calls_vault(void) MUST_CHECK;
/* Those of both, what they need from exec to there, and the parent's own. */
enum err sandbox_calls_parent(bool counts_peers) MUST_CHECK;
