#pragma once

#include "crypto/bytes.h"

/* Text into HTML, XML or SVG: between tags, or in an attribute's quotes. */
void markup_put(struct buf *out, struct bytes text);
