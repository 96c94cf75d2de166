/* chevron/cmd/power.c -- the end of the system. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/power.h"
#include "chevron/cmd/cmd.h"
#include <signal.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

int cmd_power(struct shell *sh, int argc, char **argv)
{
	bool again = strcmp(argv[0], "reboot") == 0;
	struct options o = {0};
	bool force = false;
	int c;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "f")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		force = true;
	}
	if (o.at < argc)
		return cmd_usage(argv[0]);
	sync();
	if (!force) {
		if (kill(1, again ? SIGTERM : SIGUSR2) == 0)
			return 0; /* init ends us among all others */
		return cmd_errno(
		    argv[0], "cannot ask init (-f does it without)");
	}
	reboot(again ? RB_AUTOBOOT : RB_POWER_OFF);
	return cmd_errno(argv[0], "reboot");
}
