/* kernel/core/err.c -- names of errors. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */

#include "abi/err.h"

const char *err_name(enum err e)
{
	switch (e) {
	case OK:
		return "OK";
#define X(name, value, text) \
	case name:           \
		return #name;
		ERR_LIST(X)
#undef X
	}
	return "E_?";
}
