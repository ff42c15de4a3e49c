/* Reading the clocks, and conversion between microseconds since 1970 (UTC) and dates of the
 * Gregorian calendar. libc's gmtime and strftime would do the same; the arithmetic here is a small
 * part of their cost, and a page of messages has a hundred times in it. Leap seconds do not exist,
 * as in POSIX. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#define MICROS 1000000LL
#define DAY_SECONDS 86400LL

/* The calendar repeats after 400 years, which have this many days. */
#define ERA_YEARS 400
#define ERA_DAYS 146097LL

/* Days from 0000-03-01 to 1970-01-01. Counting years from March puts the leap day
 * at the end of a year, so that the length of every month before it is fixed. */
#define EPOCH_DAYS 719468LL

/* Characters of a date. */
#define DATE_SIZE 10

/* 0000-01-01T00:00:00.000000 and 9999-12-31T23:59:59.999999. */
#define FIRST_MICROS (-62167219200LL * MICROS)
#define LAST_MICROS (253402300800LL * MICROS - 1)

static int64_t read_clock(clockid_t id) {
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * MICROS + now.tv_nsec / 1000;
}

int64_t clock_now(void) {
    return read_clock(CLOCK_REALTIME);
}

/* Never set back, counted from an arbitrary start: for timeouts, not for dates. */
int64_t clock_monotonic_ms(void) {
    return clock_monotonic_us() / 1000;
}

int64_t clock_monotonic_us(void) {
    return read_clock(CLOCK_MONOTONIC);
}

/* Processor time of this thread only: how long a callback computed, whatever it waited for. */
int64_t clock_thread_us(void) {
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* Days from 1 March to the first of a month, March being month 0: the five months
 * from March have 153 days, and so do the five after them. */
static int64_t days_before_month(int64_t month) {
    return (153 * month + 2) / 5;
}

/* Days from 1 March of year 0 to 1 March of a year >= 0. */
static int64_t days_before_year(int64_t year) {
    return 365 * year + year / 4 - year / 100 + year / 400;
}

/* Writes a value below 100 with two digits. */
static void put_pair(char *out, uint32_t value) {
    static const char PAIRS[] =
        "0001020304050607080910111213141516171819"
        "2021222324252627282930313233343536373839"
        "4041424344454647484950515253545556575859"
        "6061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    memcpy(out, PAIRS + 2 * (size_t)value, 2);
}

/* Writes the date that is `days` (>= 0) after 1 March of the year -400. */
static void put_date(char *out, int64_t days) {
    int64_t era = days / ERA_DAYS;
    int64_t day = days % ERA_DAYS;
    /* Days into the era of 400 years, and the year of the era as if each had 365 days. */
    int64_t year = day / 365;

    /* The estimate ignores leap days and so is at most one year too late. */
    if (days_before_year(year) > day)
        year--;
    day -= days_before_year(year);

    /* The inverse of days_before_month. */
    int64_t month = (5 * day + 2) / 153;

    day -= days_before_month(month);
    /* The era before year 0 was counted too; January and February (months 10 and 11) are in the
     * next civil year. */
    year += (era - 1) * ERA_YEARS + (month >= 10);
    put_pair(out, (uint32_t)year / 100);
    put_pair(out + 2, (uint32_t)year % 100);
    out[4] = '-';
    put_pair(out + 5, (uint32_t)(month < 10 ? month + 3 : month - 9));
    out[7] = '-';
    put_pair(out + 8, (uint32_t)day + 1);
}

/* put_date with a cache of the last date: the times of a page are mostly of one day. */
static void put_date_cached(char *out, int64_t days) {
    static _Thread_local int64_t last_days = -1;
    static _Thread_local char last[DATE_SIZE];
    if (days != last_days) {
        put_date(last, days);
        last_days = days;
    }
    memcpy(out, last, DATE_SIZE);
}

void clock_format(int64_t micros, char out[CLOCK_TEXT_SIZE]) {
    /* A year beyond 9999 would need a fifth digit, which RFC 3339 does not have. */
    if (micros < FIRST_MICROS)
        micros = FIRST_MICROS;
    if (micros > LAST_MICROS)
        micros = LAST_MICROS;

    /* From 1 March of the year -400 nothing is negative. */
    int64_t since = micros + (EPOCH_DAYS + ERA_DAYS) * DAY_SECONDS * MICROS;
    const uint32_t second = (uint32_t)(since / MICROS % DAY_SECONDS);
    const uint32_t micro = (uint32_t)(since % MICROS);

    put_date_cached(out, since / (DAY_SECONDS * MICROS));
    out[10] = 'T';
    put_pair(out + 11, second / 3600);
    out[13] = ':';
    put_pair(out + 14, second / 60 % 60);
    out[16] = ':';
    put_pair(out + 17, second % 60);
    out[19] = '.';
    put_pair(out + 20, micro / 10000);
    put_pair(out + 22, micro / 100 % 100);
    put_pair(out + 24, micro % 100);
    out[26] = 'Z';
    out[27] = '\0';
}

int64_t clock_from_civil(int year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                         unsigned second, unsigned long micro) {
    /* January and February belong to the year that started in the March before. */
    int64_t marches = (int64_t)year + ERA_YEARS - (month < 3);
    int64_t days = days_before_year(marches) +
                   days_before_month(month < 3 ? month + 9 : month - 3) + (int64_t)day - 1;
    int64_t seconds =
        (days - ERA_DAYS - EPOCH_DAYS) * DAY_SECONDS + hour * 3600LL + minute * 60LL + second;

    return seconds * MICROS + (int64_t)micro;
}

/* ---- reading ---- */

/* Takes `digits` digits off the front. */
static bool take_number(struct text *rest, size_t digits, unsigned *number) {
    *number = 0;
    if (rest->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (rest->at[i] < '0' || rest->at[i] > '9')
            return false;
        *number = *number * 10 + (unsigned)(rest->at[i] - '0');
    }
    rest->at += digits;
    rest->len -= digits;
    return true;
}

/* Takes one of these characters off the front; 0 if there is none. */
static char take_char(struct text *rest, const char *choice) {
    if (rest->len == 0 || rest->at[0] == '\0' || !strchr(choice, rest->at[0]))
        return '\0';
    rest->len--;
    return *rest->at++;
}

/* Takes ".123" off the front, if it is there. */
static bool take_fraction(struct text *rest, unsigned long *micro) {
    unsigned long unit = MICROS / 10;
    *micro = 0;
    if (!take_char(rest, "."))
        return true;
    if (rest->len == 0 || rest->at[0] < '0' || rest->at[0] > '9')
        return false;
    /* After six digits the unit is 0, so that further ones are read and dropped. */
    for (; rest->len > 0 && text_is_digit(rest->at[0]); rest->at++, rest->len--) {
        *micro += (unsigned long)(rest->at[0] - '0') * unit;
        unit /= 10;
    }
    return true;
}

/* Takes "Z" or "+02:00" off the front. */
static bool take_offset(struct text *rest, int64_t *seconds) {
    unsigned hours = 0, minutes = 0;
    const char sign = take_char(rest, "Zz+-");
    *seconds = 0;
    if (sign == '\0')
        return false;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (!take_number(rest, 2, &hours) || !take_char(rest, ":") || !take_number(rest, 2, &minutes) ||
        hours > 23 || minutes > 59)
        return false;
    *seconds = (sign == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
    return true;
}

static unsigned days_of_month(unsigned year, unsigned month) {
    static const unsigned char DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return DAYS[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

bool clock_parse(struct text text, int64_t *micros) {
    unsigned year, month, day, hour, minute, second;
    unsigned long micro;
    int64_t offset;
    if (!take_number(&text, 4, &year) || !take_char(&text, "-") || !take_number(&text, 2, &month) ||
        !take_char(&text, "-") || !take_number(&text, 2, &day) || !take_char(&text, "Tt ") ||
        !take_number(&text, 2, &hour) || !take_char(&text, ":") ||
        !take_number(&text, 2, &minute) || !take_char(&text, ":") ||
        !take_number(&text, 2, &second) || !take_fraction(&text, &micro) ||
        !take_offset(&text, &offset) || text.len > 0)
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    /* East of Greenwich the same moment has an earlier time in UTC. */
    *micros =
        clock_from_civil((int)year, month, day, hour, minute, second, micro) - offset * MICROS;
    return *micros >= FIRST_MICROS && *micros <= LAST_MICROS;
}
