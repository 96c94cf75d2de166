/* abi/rights.h -- the rights a descriptor can carry. See SECURITY: rights. */
/* SPDX-License-Identifier: MIT */
#pragma once

enum rights {
	RIGHT_READ = 1u << 0,
	RIGHT_WRITE = 1u << 1,
	RIGHT_EXEC = 1u << 2,
	RIGHT_GRANT = 1u << 3,
	RIGHT_REVOKE = 1u << 4,
	RIGHT_SEEK = 1u << 5,
	RIGHT_MAP = 1u << 6,
	RIGHT_IOCTL = 1u << 7,
	RIGHT_CALL = 1u << 8,
	RIGHT_SERVE = 1u << 9,
	RIGHT_SIGNAL = 1u << 10,
	RIGHT_WAIT = 1u << 11,
	RIGHT_MANAGE = 1u << 12,
	RIGHT_PIN = 1u << 13,
	RIGHTS_ALL = (1u << 14) - 1,
};
