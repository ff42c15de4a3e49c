/* buffer and xalloc: content, growth, and running out of memory. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/xalloc.h"
#include "support/unit.h"

static void an_empty_buffer_is_an_empty_string(void **state) {
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    assert_string_equal(buffer_str(&buffer), "");
    assert_int_equal(buffer.len, 0);
    buffer_append(&buffer, NULL, 0);
    buffer_append_str(&buffer, "");
    assert_string_equal(buffer_str(&buffer), "");
    buffer_free(&buffer);
    assert_null(buffer.data);
    buffer_free(&buffer);
}

static void appended_pieces_are_in_order(void **state) {
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    buffer_append(&buffer, "abc", 2);
    buffer_append_str(&buffer, "cd");
    buffer_append_char(&buffer, 'e');
    buffer_printf(&buffer, "%d%s", 42, "!");
    buffer_append(&buffer, "\0x", 2);
    assert_int_equal(buffer.len, 10);
    assert_memory_equal(buffer_str(&buffer), "abcde42!\0x", 11);
    buffer_free(&buffer);
}

/* Byte by byte over many sizes, the content is as appended and terminated. */
static void growth_keeps_the_content(void **state) {
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        buffer_append_char(&buffer, (char)('a' + i % 26));
        assert_int_equal(buffer_str(&buffer)[i + 1], '\0');
        assert_true(buffer.len < buffer.cap);
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(buffer.data[i], 'a' + i % 26);
    buffer_free(&buffer);
}

static void growth_is_rare(void **state) {
    struct buffer buffer = BUFFER_EMPTY;
    size_t grown = 0;
    size_t cap = 0;

    (void)state;
    for (size_t i = 0; i < 1000000; i++) {
        buffer_append_char(&buffer, 'x');
        grown += buffer.cap != cap;
        cap = buffer.cap;
    }
    assert_true(grown < 20);
    buffer_free(&buffer);
}

/* At every length around the capacity, with texts that just fit and that just do not. */
static void printf_grows_as_needed(void **state) {
    char filler[600];

    (void)state;
    memset(filler, 'f', sizeof filler);
    for (size_t head = 0; head < 300; head++) {
        for (int tail = 250 - (int)head; tail < 270; tail += 1 + (int)head / 20) {
            struct buffer buffer = BUFFER_EMPTY;
            int width = tail < 0 ? 0 : tail;

            buffer_append(&buffer, filler, head);
            buffer_printf(&buffer, "%.*s|%d", width, filler, 7);
            assert_int_equal(buffer.len, head + (size_t)width + 2);
            assert_string_equal(buffer_str(&buffer) + head + width, "|7");
            buffer_free(&buffer);
        }
    }
}

static void numbers_are_decimal(void **state) {
    struct buffer buffer = BUFFER_EMPTY;
    (void)state;
    buffer_append_u64(&buffer, 0);
    buffer_append_char(&buffer, ' ');
    buffer_append_u64(&buffer, 1700);
    buffer_append_char(&buffer, ' ');
    buffer_append_u64(&buffer, UINT64_MAX);
    assert_string_equal(buffer_str(&buffer), "0 1700 18446744073709551615");
    buffer_free(&buffer);
}

static void ids_are_a_json_array(void **state) {
    static const uint64_t IDS[] = {1, 0, UINT64_MAX};
    struct buffer buffer = BUFFER_EMPTY;
    (void)state;
    buffer_append_ids(&buffer, IDS, 0);
    buffer_append_ids(&buffer, IDS, 1);
    buffer_append_ids(&buffer, IDS, 3);
    assert_string_equal(buffer_str(&buffer), "[][1][1,0,18446744073709551615]");
    buffer_free(&buffer);
}

static void numbers_are_hexadecimal(void **state) {
    struct buffer buffer = BUFFER_EMPTY;
    (void)state;
    buffer_append_hex(&buffer, 0);
    buffer_append_char(&buffer, ' ');
    buffer_append_hex(&buffer, 0x1f0);
    buffer_append_char(&buffer, ' ');
    buffer_append_hex(&buffer, UINT64_MAX);
    assert_string_equal(buffer_str(&buffer), "0 1f0 ffffffffffffffff");
    buffer_free(&buffer);
}

static void escaped_bytes_are_two_digits(void **state) {
    struct buffer buffer = BUFFER_EMPTY;
    (void)state;
    buffer_append_percent_encoded(&buffer, (struct text){"aZ0-._~ /%\0\xc3", 12},
                                  BUFFER_UNRESERVED);
    assert_string_equal(buffer_str(&buffer), "aZ0-._~%20%2F%25%00%C3");
    buffer_free(&buffer);
}

static void reserved_room_is_the_callers(void **state) {
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    buffer_append_str(&buffer, "head");

    char *room = buffer_reserve(&buffer, 10000);

    memset(room, 'r', 10000);
    assert_ptr_equal(room, buffer.data + 4);
    assert_int_equal(buffer.len, 4);
    buffer.len += 3;
    assert_string_equal(buffer_str(&buffer), "headrrr");
    buffer_free(&buffer);
}

static void clear_keeps_the_memory(void **state) {
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    buffer_append_str(&buffer, "something");

    const char *data = buffer.data;
    size_t cap = buffer.cap;

    buffer_clear(&buffer);
    assert_string_equal(buffer_str(&buffer), "");
    buffer_append_str(&buffer, "else");
    assert_ptr_equal(buffer.data, data);
    assert_int_equal(buffer.cap, cap);
    assert_string_equal(buffer_str(&buffer), "else");
    buffer_free(&buffer);
    assert_int_equal(buffer.cap, 0);
    buffer_append_str(&buffer, "again");
    assert_string_equal(buffer_str(&buffer), "again");
    buffer_free(&buffer);
}

static void zeroed_memory_is_zero_and_never_null(void **state) {
    unsigned char *block = xcalloc(100, 7);

    (void)state;
    for (size_t i = 0; i < 700; i++)
        assert_int_equal(block[i], 0);
    free(block);
    /* cppcheck-suppress invalidFunctionArg */
    block = xcalloc(0, 8);
    assert_non_null(block);
    free(block);
    block = xcalloc(8, 0);
    assert_non_null(block);
    free(block);
}

static void resized_memory_keeps_its_content(void **state) {
    int *block = xreallocarray(NULL, 3, sizeof *block);

    (void)state;
    block[0] = 1;
    block[2] = 3;
    block = xreallocarray(block, 100000, sizeof *block);
    assert_int_equal(block[0], 1);
    assert_int_equal(block[2], 3);
    block = xreallocarray(block, 0, sizeof *block);
    assert_non_null(block);
    free(block);
}

static void copies_are_terminated(void **state) {
    char *copy = xstrndup("a\0bc", 3);

    (void)state;
    assert_memory_equal(copy, "a\0b\0", 4);
    free(copy);
    copy = xstrndup(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
    copy = xstrdup("word");
    assert_string_equal(copy, "word");
    free(copy);
}

/* Calls `use` in a child process; true when it aborted after writing to standard error that it is
 * out of memory. */
static int aborts_for_memory(void (*use)(void)) {
    char said[200] = "";
    int status;
    int ends[2];

    assert_int_equal(pipe(ends), 0);

    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGABRT, SIG_DFL); /* cmocka has its own */
        dup2(ends[1], STDERR_FILENO);
        use();
        _exit(0);
    }
    close(ends[1]);
    /* The message comes first, but for what a sanitizer may have written. */
    FILE *from = fdopen(ends[0], "r");
    int found = 0;

    assert_non_null(from);
    while (fgets(said, sizeof said, from) != NULL)
        found |= strcmp(said, "confab: out of memory\n") == 0;
    fclose(from);
    assert_int_equal(waitpid(child, &status, 0), child);
    return found && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* More than any allocator gives: more than PTRDIFF_MAX, for which a system of 32 bits may still
 * have addresses. Computed so that the compiler does not warn. */
static size_t too_much(void) {
    volatile size_t most = SIZE_MAX;

    return most - 4096;
}

static void resize_beyond_size_t(void) {
    xreallocarray(NULL, too_much(), 3);
}

static void copy_of_everything(void) {
    xstrndup("", too_much() + 4096);
}

static void reserve_beyond_size_t(void) {
    struct buffer buffer = BUFFER_EMPTY;

    buffer_append_char(&buffer, 'x');
    buffer_reserve(&buffer, SIZE_MAX);
}

static void an_impossible_size_ends_the_process(void **state) {
    (void)state;
    assert_true(aborts_for_memory(resize_beyond_size_t));
    assert_true(aborts_for_memory(copy_of_everything));
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

static void zeroed_too_much(void) {
    free(xcalloc(too_much(), 1));
}

static void resize_too_much(void) {
    xreallocarray(NULL, too_much(), 1);
}

/* The allocator of AddressSanitizer ends the process before it returns NULL. */
static void running_out_of_memory_ends_the_process(void **state) {
    (void)state;
#ifdef SANITIZED
    skip();
#endif
    assert_true(aborts_for_memory(zeroed_too_much));
    assert_true(aborts_for_memory(resize_too_much));
    assert_true(aborts_for_memory(reserve_beyond_size_t));
}

static void recycling_keeps_small_memory_only(void **state) {
    struct buffer buffer = BUFFER_EMPTY;
    (void)state;
    buffer_append_str(&buffer, "small");
    const size_t cap = buffer.cap;
    buffer_recycle(&buffer, cap);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(buffer.cap, cap);
    buffer_append_str(&buffer, "large");
    buffer_recycle(&buffer, cap - 1);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(buffer.cap, 0);
    assert_null(buffer.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_string),
        cmocka_unit_test(appended_pieces_are_in_order),
        cmocka_unit_test(growth_keeps_the_content),
        cmocka_unit_test(growth_is_rare),
        cmocka_unit_test(printf_grows_as_needed),
        cmocka_unit_test(numbers_are_decimal),
        cmocka_unit_test(ids_are_a_json_array),
        cmocka_unit_test(numbers_are_hexadecimal),
        cmocka_unit_test(escaped_bytes_are_two_digits),
        cmocka_unit_test(reserved_room_is_the_callers),
        cmocka_unit_test(clear_keeps_the_memory),
        cmocka_unit_test(zeroed_memory_is_zero_and_never_null),
        cmocka_unit_test(resized_memory_keeps_its_content),
        cmocka_unit_test(copies_are_terminated),
        cmocka_unit_test(an_impossible_size_ends_the_process),
        cmocka_unit_test(running_out_of_memory_ends_the_process),
        cmocka_unit_test(recycling_keeps_small_memory_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
