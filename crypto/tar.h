#pragma once

#include "crypto/bytes.h"

/*
 * The one form of ustar (POSIX.1-2017, pax, "ustar Interchange Format") that a
 * sealed body is made of: regular files, mode 0600, and nothing about their
 * owner, time or host. A header follows from name and size alone, so a strict
 * reader makes the header it expects and compares all 512 bytes.
 *
 *	offset size
 *	     0  100  name: what follows the last '/', NUL-padded
 *	   100    8  mode "0000600" NUL
 *	   108    8  uid "0000000" NUL
 *	   116    8  gid "0000000" NUL
 *	   124   12  size: 11 octal digits, NUL
 *	   136   12  mtime "00000000000" NUL
 *	   148    8  checksum: 6 octal digits, NUL, space; the sum of the
 *		     header's bytes with these 8 taken as spaces
 *	   156    1  typeflag '0'
 *	   157  100  linkname: NUL
 *	   257    6  magic "ustar" NUL
 *	   263    2  version "00"
 *	   265   80  uname, gname, devmajor, devminor: NUL
 *	   345  155  prefix: what precedes the last '/', NUL-padded
 *	   500   12  NUL
 *
 * The constant block that every sealed body begins with is the header of an
 * empty file TAR_CONSTANT_NAME:
 *
 *	offset 0    "speakup-v1"
 *	offset 100  "0000600" NUL "0000000" NUL "0000000" NUL
 *	offset 124  "00000000000" NUL "00000000000" NUL
 *	offset 148  "007642" NUL " 0"
 *	offset 257  "ustar" NUL "00"
 *	all else    NUL
 *
 * SHA-256 of its 512 bytes:
 * 37dcbd06f262c61b8db767e37f4893a59c4b9551337fda4811bbfa114953c394
 */

#define TAR_BLOCK 512
#define TAR_END (2 * TAR_BLOCK) /* zero blocks that end an archive */
#define TAR_CONSTANT_NAME "speakup-v1"

/* name: at most 100 bytes after its last '/', at most 155 before it; size:
 * below 8 GiB. ERR_LIMIT. */
enum err tar_header(const char *name, uint64_t size,
    uint8_t out[static TAR_BLOCK]) MUST_CHECK;
/* The size that a header states, before it is compared as a whole;
 * ERR_SYNTAX. */
enum err tar_header_size(const uint8_t header[static TAR_BLOCK], uint64_t *ret)
    MUST_CHECK;
/* n rounded up to whole blocks. */
uint64_t tar_blocks(uint64_t n);
