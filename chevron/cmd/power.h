/* chevron/cmd/power.h -- the end of the system. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* reboot and shutdown; returns a status only when it did not work. */
int cmd_power(struct shell *sh, int argc, char **argv);
