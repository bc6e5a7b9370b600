#pragma once

#include "crypto/bytes.h"

/*
 * What a process gives up before it reads one foreign byte. Each role calls
 * its function once, with every file open that it will need; what is given up
 * does not come back.
 */

enum sandbox_role { SANDBOX_PARENT, SANDBOX_FRONT, SANDBOX_VAULT };

/*
 * No new privileges, no core dumps, no ptrace by others of the same user, at
 * most `descriptors` open files; a child ends with its parent; a front can
 * write no file (where its log is one, that is lost too). ERR_IO: the kernel
 * refused one of them, and the caller ends.
 */
enum err sandbox_enter(enum sandbox_role role, uint64_t descriptors)
    MUST_CHECK;

/* Becomes that user and their groups, for good. "" or being that user already
 * does nothing. ERR_NOT_FOUND, ERR_IO. Looks the name up: call it early. */
enum err sandbox_become(const char *user) MUST_CHECK;
