/* clock: RFC 3339 times, the calendar, and the two clocks. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "support/unit.h"

static const struct {
    int64_t micros;
    const char *text;
} known[] = {
    {0, "1970-01-01T00:00:00.000000Z"},
    {1, "1970-01-01T00:00:00.000001Z"},
    {999999, "1970-01-01T00:00:00.999999Z"},
    {-1, "1969-12-31T23:59:59.999999Z"},
    {-1000000, "1969-12-31T23:59:59.000000Z"},
    {-1000001, "1969-12-31T23:59:58.999999Z"},
    {-86400000000, "1969-12-31T00:00:00.000000Z"},
    {-86400000001, "1969-12-30T23:59:59.999999Z"},
    {68169600000000, "1972-02-29T00:00:00.000000Z"},
    {951782399999999, "2000-02-28T23:59:59.999999Z"},
    {951782400000000, "2000-02-29T00:00:00.000000Z"},
    {951868800000000, "2000-03-01T00:00:00.000000Z"},
    {978307199000000, "2000-12-31T23:59:59.000000Z"},
    {1705314600123456, "2024-01-15T10:30:00.123456Z"},
    {2147483648000000, "2038-01-19T03:14:08.000000Z"},
    {4107542399000000, "2100-02-28T23:59:59.000000Z"},
    {4107542400000000, "2100-03-01T00:00:00.000000Z"},
    {4133980799999999, "2100-12-31T23:59:59.999999Z"},
    {253402300799999999, "9999-12-31T23:59:59.999999Z"},
    {-2208988800000000, "1900-01-01T00:00:00.000000Z"},
    {-62135596800000000, "0001-01-01T00:00:00.000000Z"},
    {-62162035200000000, "0000-03-01T00:00:00.000000Z"},
    {-62162035200000001, "0000-02-29T23:59:59.999999Z"},
    {-62167219200000000, "0000-01-01T00:00:00.000000Z"},
};

/* The inverse of clock_format, by clock_from_civil. */
static int64_t parse(const char *text) {
    int year;
    unsigned month, day, hour, minute, second;
    unsigned long micro;
    char z;

    assert_int_equal(sscanf(text, "%4d-%2u-%2uT%2u:%2u:%2u.%6lu%c", &year, &month, &day, &hour,
                            &minute, &second, &micro, &z),
                     8);
    assert_int_equal(z, 'Z');
    return clock_from_civil(year, month, day, hour, minute, second, micro);
}

static void known_times_are_converted_both_ways(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        char text[CLOCK_TEXT_SIZE];

        clock_format(known[i].micros, text);
        assert_string_equal(text, known[i].text);
        assert_true(parse(text) == known[i].micros);
    }
}

/* Every day of the years 0 to 9999, counted with the rule for leap years alone. */
static void every_day_has_its_date(void **state) {
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t micros = -62167219200000000;

    (void)state;
    for (int year = 0; year <= 9999; year++) {
        unsigned leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

        for (unsigned month = 1; month <= 12; month++) {
            unsigned days = lengths[month - 1] + (month == 2 ? leap : 0);

            for (unsigned day = 1; day <= days; day++) {
                char found[CLOCK_TEXT_SIZE];
                char wanted[64];

                clock_format(micros, found);
                snprintf(wanted, sizeof wanted, "%04d-%02u-%02uT00:00:00.000000Z", year, month,
                         day);
                if (strcmp(found, wanted) != 0 ||
                    clock_from_civil(year, month, day, 0, 0, 0, 0) != micros)
                    fail_msg("%s is written %s", wanted, found);
                micros += 86400000000;
            }
        }
    }
    assert_true(micros == 253402300800000000);
}

static void times_of_a_day_are_converted_both_ways(void **state) {
    (void)state;
    for (unsigned second = 0; second < 86400; second++) {
        unsigned long micro = second * 977UL % 1000000;
        int64_t micros =
            clock_from_civil(1969, 7, 20, second / 3600, second / 60 % 60, second % 60, micro);
        char text[CLOCK_TEXT_SIZE];

        clock_format(micros, text);
        assert_true(parse(text) == micros);
        assert_true(micros == clock_from_civil(1969, 7, 20, 0, 0, 0, 0) +
                                  second * INT64_C(1000000) + (int64_t)micro);
    }
}

/* Against the C library, over odd steps from the year 1 to 9999. */
static void the_c_library_agrees(void **state) {
    (void)state;
    for (int64_t seconds = -62135596800; seconds < 253402300800; seconds += 86399 * 37 + 1) {
        time_t when = (time_t)seconds;
        struct tm tm;
        char found[CLOCK_TEXT_SIZE];
        char wanted[96];

        /* A time_t of 32 bits ends in 2038. */
        if (when != seconds)
            continue;
        assert_non_null(gmtime_r(&when, &tm));
        snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT%02d:%02d:%02d.000042Z", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        clock_format(seconds * 1000000 + 42, found);
        assert_string_equal(found, wanted);
    }
}

/* Years with more than four digits give the nearest time. */
static void times_out_of_range_are_clamped(void **state) {
    char text[CLOCK_TEXT_SIZE];

    (void)state;
    clock_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
    clock_format(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000000Z");
}

static void times_are_read(void **state) {
    static const struct {
        const char *text;
        int64_t micros;
    } fine[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2024-02-29t12:30:45.5z", 1709209845500000},
        {"2024-01-15 10:30:00.123456789+02:00", 1705307400123456},
        {"2024-01-15T00:30:00-23:59", 1705365000000000 - 3600 * 1000000LL / 60},
        {"9999-12-31T23:59:59.999999Z", 253402300799999999},
    };
    static const char *const wrong[] = {
        "",
        "2024-01-15",
        "2024-01-15T10:30Z",
        "2024-01-15T10:30:00",
        "2024-01-15T10:30:00.Z",
        "2024-01-15T10:30:00Z ",
        "2024-13-01T10:30:00Z",
        "2024-00-01T10:30:00Z",
        "2023-02-29T10:30:00Z",
        "2024-01-00T10:30:00Z",
        "2024-01-15T24:00:00Z",
        "2024-01-15T10:60:00Z",
        "2024-01-15T10:30:60Z",
        "2024-01-15T10:30:00+24:00",
        "2024-01-15T10:30:00+0200",
        "+024-01-15T10:30:00Z",
        "0000-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    };
    int64_t micros;
    (void)state;
    for (size_t i = 0; i < COUNT(fine); i++) {
        assert_true(clock_parse(text_of(fine[i].text), &micros));
        assert_int_equal(micros, fine[i].micros);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(clock_parse(text_of(wrong[i]), &micros));
}

static void now_is_the_time_of_day(void **state) {
    int64_t before = (int64_t)time(NULL) - 1;
    int64_t now = clock_now();

    (void)state;
    assert_true(now >= before * 1000000);
    assert_true(now <= ((int64_t)time(NULL) + 1) * 1000000);
}

static void the_monotonic_clock_goes_forward(void **state) {
    const struct timespec pause = {0, 3000000};
    int64_t ms = clock_monotonic_ms();
    int64_t us = clock_monotonic_us();

    (void)state;
    for (int i = 0; i < 10000; i++) {
        int64_t next = clock_monotonic_us();

        assert_true(next >= us);
        us = next;
    }
    nanosleep(&pause, NULL);
    assert_true(clock_monotonic_us() - us >= 3000);
    assert_true(clock_monotonic_ms() - ms >= 3);
    assert_true(clock_monotonic_us() / 1000 - clock_monotonic_ms() <= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_are_converted_both_ways),
        cmocka_unit_test(every_day_has_its_date),
        cmocka_unit_test(times_of_a_day_are_converted_both_ways),
        cmocka_unit_test(the_c_library_agrees),
        cmocka_unit_test(times_out_of_range_are_clamped),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(now_is_the_time_of_day),
        cmocka_unit_test(the_monotonic_clock_goes_forward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
