/* send_queue: bytes come out as they went in, in pieces of any size, compared with a copy. */
#include <stdlib.h>
#include <string.h>

#include "net/send_queue.h"
#include "support/unit.h"

#define FRAMES 12
#define MODEL_SIZE ((size_t)1 << 20)

/* The bytes that are in the queue, from `first` on. */
struct model {
    unsigned char *bytes;
    size_t first, len;
};

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static struct frame *make_frame(size_t len, uint64_t *seed) {
    char *json = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        json[i] = (char)(next_random(seed) & 0x7f);
    struct frame *frame = frame_text((struct text){json, len});
    free(json);
    return frame;
}

static void push(struct send_queue *queue, struct model *model, struct frame *frame) {
    memcpy(model->bytes + model->first + model->len, frame->bytes, frame->len);
    model->len += frame->len;
    assert_int_equal(send_queue_push(queue, frame), model->len);
}

/* Peeks at up to size bytes twice, and consumes a part of them. */
static void take(struct send_queue *queue, struct model *model, size_t size, uint64_t *seed) {
    unsigned char *out = malloc(size + 1), *again = malloc(size + 1);
    out[size] = 0x5a;
    const size_t got = send_queue_peek(queue, out, size);
    assert_int_equal(got, size < model->len ? size : model->len);
    assert_memory_equal(out, model->bytes + model->first, got);
    assert_int_equal(out[size], 0x5a);
    assert_int_equal(send_queue_peek(queue, again, size), got);
    assert_memory_equal(out, again, got);
    const size_t part = next_random(seed) % 3 == 0 ? next_random(seed) % (got + 1) : got;
    send_queue_consume(queue, part);
    model->first += part;
    model->len -= part;
    assert_int_equal(queue->bytes, model->len);
    free(out);
    free(again);
}

static void check_empty(const struct send_queue *queue) {
    assert_int_equal(queue->bytes, 0);
    assert_int_equal(queue->frames.count, 0);
    assert_int_equal(queue->sent, 0);
    assert_null(queue->frames.slots);
}

static void one_round(uint64_t seed, struct model *model, struct frame *const *frames) {
    struct send_queue queue = {0};
    model->first = model->len = 0;
    for (unsigned step = 0; step < 400; step++) {
        /* Filling and emptying alternate, so that the ring wraps and grows. */
        const bool fill = next_random(&seed) % 10 < (step / 50 % 2 ? 3 : 7);
        const size_t size = next_random(&seed) % (next_random(&seed) % 4 ? 40 : 2000);
        if (!fill)
            take(&queue, model, size, &seed);
        else if (model->first + model->len + 70000 < MODEL_SIZE)
            push(&queue, model, frames[next_random(&seed) % FRAMES]);
        if (model->len == 0)
            check_empty(&queue);
    }
    if (seed % 2)
        while (model->len > 0)
            take(&queue, model, 4096, &seed);
    send_queue_clear(&queue);
    check_empty(&queue);
}

static void bytes_come_out_as_they_went_in(void **state) {
    static const size_t lengths[FRAMES] = {0, 1, 2, 7, 20, 60, 125, 126, 300, 1000, 3000, 66000};
    struct model model = {malloc(MODEL_SIZE), 0, 0};
    struct frame *frames[FRAMES];
    uint64_t seed = 7;
    (void)state;
    for (size_t i = 0; i < FRAMES; i++)
        frames[i] = make_frame(lengths[i], &seed);
    for (unsigned round = 0; round < 500; round++)
        one_round(0x9E3779B97F4A7C15u + round, &model, frames);
    for (size_t i = 0; i < FRAMES; i++) {
        assert_int_equal(frames[i]->refs, 1);
        frame_release(frames[i]);
    }
    free(model.bytes);
}

static void empty_queue_can_be_read(void **state) {
    struct send_queue queue = {0};
    unsigned char byte;
    (void)state;
    assert_int_equal(send_queue_peek(&queue, &byte, 1), 0);
    assert_int_equal(send_queue_peek(&queue, NULL, 0), 0);
    send_queue_consume(&queue, 0);
    send_queue_clear(&queue);
    check_empty(&queue);
}

static void frame_is_released_with_its_last_byte(void **state) {
    struct send_queue queue = {0};
    (void)state;
    struct frame *frame = frame_text(text_of("{}"));
    send_queue_push(&queue, frame);
    send_queue_push(&queue, frame);
    assert_int_equal(frame->refs, 3);
    send_queue_consume(&queue, frame->len - 1);
    assert_int_equal(frame->refs, 3);
    send_queue_consume(&queue, 1);
    assert_int_equal(frame->refs, 2);
    send_queue_consume(&queue, frame->len);
    assert_int_equal(frame->refs, 1);
    check_empty(&queue);
    frame_release(frame);
}

static void one_consume_can_release_many_frames(void **state) {
    struct send_queue queue = {0};
    unsigned char rest[8];
    (void)state;
    struct frame *frame = frame_text(text_of("{\"a\":1}"));
    for (unsigned i = 0; i < 100; i++)
        send_queue_push(&queue, frame);
    send_queue_consume(&queue, 99 * frame->len + 2);
    assert_int_equal(queue.frames.count, 1);
    assert_int_equal(send_queue_peek(&queue, rest, sizeof(rest)), 7);
    assert_memory_equal(rest, "{\"a\":1}", 7);
    send_queue_clear(&queue);
    assert_int_equal(frame->refs, 1);
    frame_release(frame);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_out_as_they_went_in),
        cmocka_unit_test(empty_queue_can_be_read),
        cmocka_unit_test(frame_is_released_with_its_last_byte),
        cmocka_unit_test(one_consume_can_release_many_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
