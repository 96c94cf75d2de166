/* lib/toml_time.c -- the four dates and times of TOML (RFC 3339). */
/* SPDX-License-Identifier: MIT */
#include "lib/toml_read.h"

struct cursor {
	const char *s, *end;
};

static bool pass(struct cursor *c, char wanted)
{
	if (c->s == c->end || *c->s != wanted)
		return false;
	c->s++;
	return true;
}

/* Exactly n digits. */
static bool fixed(struct cursor *c, int n, unsigned *out)
{
	unsigned v = 0;

	for (; n > 0; n--, c->s++) {
		if (c->s == c->end || *c->s < '0' || *c->s > '9')
			return false;
		v = v * 10 + (unsigned)(*c->s - '0');
	}
	*out = v;
	return true;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const uint8_t days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool date(struct cursor *c, struct toml_time *t)
{
	unsigned year, month, day;

	if (!fixed(c, 4, &year) || !pass(c, '-') || !fixed(c, 2, &month) ||
	    !pass(c, '-') || !fixed(c, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	t->year = (uint16_t)year;
	t->month = (uint8_t)month;
	t->day = (uint8_t)day;
	return true;
}

/* The digits behind the point of a second, as many as there are. */
static bool fraction(struct cursor *c, uint32_t *nanosecond)
{
	uint32_t unit = 100000000;
	const char *first = c->s;

	for (; c->s < c->end && *c->s >= '0' && *c->s <= '9'; c->s++) {
		*nanosecond += (uint32_t)(*c->s - '0') * unit;
		unit /= 10;
	}
	return c->s > first;
}

static bool time_of_day(struct cursor *c, struct toml_time *t)
{
	unsigned hour, minute, second;

	if (!fixed(c, 2, &hour) || !pass(c, ':') || !fixed(c, 2, &minute) ||
	    !pass(c, ':') || !fixed(c, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	t->hour = (uint8_t)hour;
	t->minute = (uint8_t)minute;
	t->second = (uint8_t)second;
	return !pass(c, '.') || fraction(c, &t->nanosecond);
}

static bool offset(struct cursor *c, struct toml_time *t)
{
	bool west = *c->s == '-';
	unsigned hours, minutes;

	if (pass(c, 'Z') || pass(c, 'z'))
		return true;
	if (!pass(c, '-') && !pass(c, '+'))
		return false;
	if (!fixed(c, 2, &hours) || !pass(c, ':') || !fixed(c, 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	t->offset = (int16_t)(hours * 60 + minutes);
	if (west)
		t->offset = (int16_t)-t->offset;
	return true;
}

static bool read_any(struct cursor *c, struct toml_value *v)
{
	v->time = (struct toml_time){0};
	if (c->s[2] == ':') {
		v->type = TOML_LOCAL_TIME;
		return time_of_day(c, &v->time);
	}
	v->type = TOML_LOCAL_DATE;
	if (!date(c, &v->time))
		return false;
	if (c->s == c->end)
		return true;
	v->type = TOML_LOCAL_DATE_TIME;
	if (!pass(c, 'T') && !pass(c, 't') && !pass(c, ' '))
		return false;
	if (!time_of_day(c, &v->time))
		return false;
	if (c->s == c->end)
		return true;
	v->type = TOML_OFFSET_DATE_TIME;
	return offset(c, &v->time);
}

bool toml_date_time(struct toml_reader *r, struct toml_place at,
    struct toml_text token, struct toml_value *v)
{
	struct cursor c = {token.s, token.s + token.n};
	char name[48];

	if (read_any(&c, v) && c.s == c.end)
		return true;
	toml_quote(name, sizeof(name), token.s, token.n);
	return toml_fail(r, at, "%s is no date or time", name);
}
