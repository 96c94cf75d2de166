/* kernel/core/chacha.h -- the ChaCha20 block function (RFC 8439, 2.3). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* One 64-byte block of key stream; the nonce's upper words are counter's. */
void chacha20_block(
    const uint32_t key[8], uint64_t counter, uint64_t nonce, uint32_t out[16]);
