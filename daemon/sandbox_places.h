#pragma once

#include "daemon/config.h"

/*
 * What each role may reach, by Landlock. Children: nothing. The parent: reading
 * around the files that the configuration names (they are renewed by renaming,
 * and read again on SIGHUP), running its own binary, the libraries that it is
 * made of, and the state directory for the vault that it starts.
 */
enum err sandbox_places_child(void) MUST_CHECK;
enum err sandbox_places_parent(const struct config *c) MUST_CHECK;
