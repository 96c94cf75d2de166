/* kernel/arch/x86_64/rtc.c -- wall time from the CMOS clock. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/arch/x86_64/tsc.h"
#include "kernel/core/string.h"

enum {
	CMOS_INDEX = 0x70,
	CMOS_DATA = 0x71,
	REG_A = 0x0a,
	REG_B = 0x0b,
	A_UPDATING = 0x80,
	B_BINARY = 4,
	B_24_HOURS = 2,
	UPDATE_TICKS = 10000000, /* some ms on any CPU; an update takes 2 */
	TRIES = 4,
};

struct rtc_time {
	uint8_t second, minute, hour, day, month, year, century;
};

static uint8_t cmos(uint8_t reg)
{
	outb(CMOS_INDEX, reg);
	return inb(CMOS_DATA);
}

static struct rtc_time read_registers(void)
{
	return (struct rtc_time){
	    .second = cmos(0),
	    .minute = cmos(2),
	    .hour = cmos(4),
	    .day = cmos(7),
	    .month = cmos(8),
	    .year = cmos(9),
	    .century =
	        platform.century_register ? cmos(platform.century_register) : 0,
	};
}

static unsigned from_bcd(uint8_t v, uint8_t b)
{
	return b & B_BINARY ? v : (v >> 4) * 10u + (v & 15);
}

static uint64_t days_since_1970(unsigned y, unsigned m, unsigned d)
{
	/* Years from March: the leap day comes last. */
	uint64_t from = m > 2 ? y : y - 1;
	uint64_t month = m > 2 ? m - 3 : m + 9;

	return from * 365 + from / 4 - from / 100 + from / 400 +
	       (month * 153 + 2) / 5 + d - 1 - 719468;
}

static uint64_t to_seconds(const struct rtc_time *t)
{
	uint8_t b = cmos(REG_B);
	unsigned hour = from_bcd(t->hour & 0x7f, b);
	unsigned year = from_bcd(t->year, b);
	unsigned month = from_bcd(t->month, b), day = from_bcd(t->day, b);
	unsigned minute = from_bcd(t->minute, b);
	unsigned second = from_bcd(t->second, b);
	unsigned century = from_bcd(t->century, b);

	if (!(b & B_24_HOURS))
		hour = hour % 12 + (t->hour & 0x80 ? 12 : 0);
	year += century >= 19 && century <= 29 ? century * 100
	        : year < 70                    ? 2000
	                                       : 1900;
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
	    minute > 59 || second > 60 || year < 1970)
		return 0;
	return days_since_1970(year, month, day) * 86400 + hour * 3600u +
	       minute * 60u + second;
}

/*
 * The registers are steady while "updating" is off; it comes on 244 us before
 * they move. Normally there is no wait at all; two equal readings guard
 * against having been slow.
 */
uint64_t rtc_read(void)
{
	struct rtc_time a, b;
	uint64_t start = rdtsc();

	while (cmos(REG_A) & A_UPDATING && rdtsc() - start < UPDATE_TICKS)
		cpu_pause();
	a = read_registers();
	for (unsigned i = 0; i < TRIES; i++) {
		b = read_registers();
		if (memcmp(&a, &b, sizeof(a)) == 0)
			return to_seconds(&a);
		a = b;
	}
	return 0;
}
