/* error: the table from errors to status codes and texts. */
#include <string.h>

#include "base/error.h"
#include "support/unit.h"

static const struct {
    enum error error;
    int number; /* part of the SQL transactions, so never another */
    int status;
    const char *code;
    const char *detail;
} outcomes[] = {
    {ERROR_NONE, 0, 200, "error", ""},
    {ERROR_BAD_INPUT, 1, 400, "invalid", "Invalid input."},
    {ERROR_UNAUTHENTICATED, 2, 401, "not_authenticated",
     "Authentication credentials were not provided."},
    {ERROR_FORBIDDEN, 3, 403, "permission_denied",
     "You do not have permission to perform this action."},
    {ERROR_NOT_FOUND, 4, 404, "not_found", "Not found."},
    {ERROR_METHOD, 5, 405, "method_not_allowed", "Method not allowed."},
    {ERROR_GONE, 6, 410, "gone", "What came after this cursor is no longer kept."},
    {ERROR_TOO_LARGE, 7, 413, "too_large", "The request body is too large."},
    {ERROR_URI_TOO_LONG, 8, 414, "uri_too_long", "The query string is too long."},
    {ERROR_MEDIA_TYPE, 9, 415, "unsupported_media_type", "Unsupported media type in request."},
    {ERROR_RATE_LIMITED, 10, 429, "throttled", "Request was throttled."},
    {ERROR_UNAVAILABLE, 11, 503, "unavailable",
     "The service is unavailable for the moment; try again."},
    {ERROR_INTERNAL, 12, 500, "error", "Something went wrong on our side."},
    {ERROR_CONFLICT, 13, 409, "conflict", "The change conflicts with the current state."},
    {ERROR_TIMEOUT, 14, 408, "timeout", "The request did not arrive in full."},
    {ERROR_NO_SPACE, 15, 507, "no_space", "There is no space left for files."},
    {ERROR_RANGE, 16, 416, "range_not_satisfiable", "There is no such range."},
    {ERROR_READ_ONLY, 17, 403, "read_only", "You may only read in this room."},
    {ERROR_ARCHIVED, 18, 403, "archived", "The room is archived."},
    {ERROR_SILENCED, 19, 403, "silenced", "A moderator has silenced you in this room."},
    {ERROR_SLOW_MODE, 20, 429, "slow_mode", "Slow mode: wait before the next message."},
    {ERROR_BANNED, 21, 403, "banned", "The user is banned from this room."},
    {ERROR_NOT_ALLOWED, 22, 403, "not_allowed", "The user does not accept this from you."},
};

#define OUTCOMES (COUNT(outcomes))

static void every_error_has_its_status_text_and_code(void **state) {
    (void)state;
    for (size_t i = 0; i < OUTCOMES; i++) {
        assert_int_equal(outcomes[i].error, outcomes[i].number);
        assert_int_equal(error_status(outcomes[i].error), outcomes[i].status);
        assert_string_equal(error_detail(outcomes[i].error), outcomes[i].detail);
        assert_string_equal(error_code_word(error_code(outcomes[i].error)), outcomes[i].code);
    }
}

static void an_unknown_error_is_an_internal_one(void **state) {
    static const int unknown[] = {OUTCOMES, 1000, -1, INT32_MAX, INT32_MIN};

    (void)state;
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_int_equal(error_status((enum error)unknown[i]), 500);
        assert_string_equal(error_detail((enum error)unknown[i]), error_detail(ERROR_INTERNAL));
    }
}

static void a_code_has_its_name_in_lower_case_as_word(void **state) {
    static const char *const NAMES[] = {
#define ERROR_CODE(name, word, meaning) #name,
#include "base/error_codes.def"
#undef ERROR_CODE
    };

    (void)state;
    for (size_t i = 0; i < CODE_COUNT; i++) {
        const char *word = error_code_word((enum error_code)i);
        assert_int_equal(strlen(word), strlen(NAMES[i]));
        for (size_t j = 0; word[j]; j++)
            assert_int_equal(word[j], NAMES[i][j] == '_' ? '_' : NAMES[i][j] - 'A' + 'a');
    }
}

static void an_unknown_code_is_that_of_an_internal_error(void **state) {
    (void)state;
    assert_string_equal(error_code_word(CODE_COUNT), "error");
    assert_string_equal(error_code_word((enum error_code) - 1), "error");
}

static void every_status_has_its_reason(void **state) {
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(reasons); i++)
        assert_string_equal(error_reason(reasons[i].status), reasons[i].reason);
    for (size_t i = 0; i < OUTCOMES; i++)
        assert_string_not_equal(error_reason(error_status(outcomes[i].error)), "Unknown");
    assert_string_equal(error_reason(299), "Unknown");
    assert_string_equal(error_reason(0), "Unknown");
    assert_string_equal(error_reason(-1), "Unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_status_text_and_code),
        cmocka_unit_test(an_unknown_error_is_an_internal_one),
        cmocka_unit_test(a_code_has_its_name_in_lower_case_as_word),
        cmocka_unit_test(an_unknown_code_is_that_of_an_internal_error),
        cmocka_unit_test(every_status_has_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
