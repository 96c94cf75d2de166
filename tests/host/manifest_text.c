/* tests/host/manifest_text.c -- what the tests of the manifest share. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "manifest_text.h"

struct manifest_error manifest_error;

struct manifest *read_ok(const char *text)
{
	struct manifest *m = manifest_read(text, strlen(text), &manifest_error);

	if (m == NULL)
		fail_msg("%s\n%s", text, manifest_error.text);
	return m;
}

void refused(const char *text, const char *why)
{
	struct manifest *m = manifest_read(text, strlen(text), &manifest_error);

	if (m != NULL)
		fail_msg("accepted: %s", text);
	if (strcmp(manifest_error.text, why) != 0)
		fail_msg("%s\nwanted: %s\nis:     %s", text, why,
		    manifest_error.text);
}

const char *with(const char *more)
{
	static char text[2048];

	snprintf(text, sizeof(text),
	    "[[silos]]\nname = \"x\"\nsid = 1000\nfamily = \"USR\"\n"
	    "mode = \"004\"\n%s\n[[silos.strates]]\nname = \"p\"\n"
	    "binary = \"/bin/p\"\n",
	    more);
	return text;
}

const char *of(const char *family, int sid, const char *mode, const char *more)
{
	static char text[2048];

	snprintf(text, sizeof(text),
	    "[[silos]]\nname = \"x\"\nsid = %d\nfamily = \"%s\"\n"
	    "mode = \"%s\"\n%s\n[[silos.strates]]\nname = \"p\"\n"
	    "binary = \"/bin/p\"\n",
	    sid, family, mode, more);
	return text;
}
