/* presence: random orders of everything, compared with the open sockets. */
#include <string.h>

#include "support/presence_cluster.h"
#include "support/unit.h"

static uint64_t seed;

static unsigned pick(unsigned below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 20) % below;
}

static void disturb_redis(struct pubsub *pubsub) {
    switch (pick(8)) {
    case 0:
        if (pubsub->connected)
            cluster_disconnect(pubsub, pick(4));
        break;
    case 1: /* Redis hangs for a moment */
        if (pubsub->connected)
            presence_redis_state(pubsub->presence, false);
        cluster_tick_all(pick(3000));
        if (pubsub->connected)
            presence_redis_state(pubsub->presence, true);
        break;
    case 2: /* Redis restarts empty */
        for (int i = 0; i < CLUSTER_NODES; i++)
            if (cluster.nodes[i].connected)
                cluster_disconnect(&cluster.nodes[i], pick(2));
        cluster_lose_data();
        break;
    case 3: /* a lease expires */
        cluster.redis.lease[pubsub->id] =
            cluster.redis.lease[pubsub->id] && pubsub->connected && pick(2);
        if (pubsub->connected && !cluster.redis.lease[pubsub->id]) {
            cluster_tick_all(5000);
            cluster_renew_lost_lease(pubsub);
        }
        break;
    default:
        cluster_connect_node(pubsub);
    }
}

static void random_step(struct pubsub *pubsub, bool undisturbed) {
    const uint64_t room = pick(CLUSTER_ROOMS), user = pick(CLUSTER_USERS);
    switch (pick(12)) {
    case 0:
    case 1:
        if (pubsub->sockets[room][user] + pubsub->waiting[room][user] < 3)
            cluster_open_socket(pubsub, room, user);
        break;
    case 2:
    case 3:
        cluster_close_socket(pubsub, room, user);
        break;
    case 4:
        cluster_tick_all(pick(10) ? pick(500) : pick(2 * CLUSTER_GRACE));
        break;
    case 5:
        if (!undisturbed && pick(8) == 0)
            disturb_redis(pubsub);
        break;
    case 6:
        if (!undisturbed && pubsub > cluster.nodes && pick(100) == 0)
            cluster_kill_node(pubsub);
        break;
    case 7:
        cluster_deliver_reply(pubsub);
        break;
    case 8:
        cluster_deliver_notice(pubsub);
        break;
    default:
        cluster_execute(pubsub);
    }
}

/* Time passes, and nothing else happens. */
static void settle(void) {
    for (int i = 0; i < CLUSTER_NODES; i++)
        cluster_connect_node(&cluster.nodes[i]);
    for (int i = 0; i < 30; i++) {
        cluster_deliver_all();
        cluster_compare_all();
        cluster_tick_all(1000);
    }
    cluster_deliver_all();
}

static void random_orders_converge(void **state) {
    (void)state;
    for (uint64_t round = 1; round <= 1500; round++) {
        seed = round * 0x9E3779B97F4A7C15u;
        cluster.always_subscribed = round % 2;
        cluster.grace_ms = round % 5 ? CLUSTER_GRACE : 0;
        cluster_begin(2 + (int)(round % 3));
        for (unsigned step = 0; step < 400; step++) {
            struct pubsub *pubsub = &cluster.nodes[pick(CLUSTER_NODES)];
            if (pubsub->alive)
                random_step(pubsub, round % 4 == 0);
            cluster_compare_all();
        }
        settle();
        cluster_compare_with_truth();
        for (int i = 0; i < CLUSTER_NODES; i++)
            for (unsigned at = 0; cluster.nodes[i].alive && at < 3 * CLUSTER_ROOMS * CLUSTER_USERS;
                 at++)
                cluster_close_socket(&cluster.nodes[i], at % CLUSTER_ROOMS,
                                     at / CLUSTER_ROOMS % CLUSTER_USERS);
        settle();
        cluster_compare_with_truth();
        cluster_end();
    }
    cluster.grace_ms = CLUSTER_GRACE;
}

/* If everything is delivered at once, each view is right at any time. */
static void views_are_exact_without_delays(void **state) {
    int64_t until[CLUSTER_ROOMS][CLUSTER_USERS];
    (void)state;
    for (uint64_t round = 1; round <= 200; round++) {
        seed = round * 0xD1342543DE82EF95u;
        memset(until, 0, sizeof(until));
        cluster.always_subscribed = round % 2;
        cluster_begin(3);
        for (unsigned step = 0; step < 300; step++) {
            struct pubsub *pubsub = &cluster.nodes[pick(3)];
            const uint64_t room = pick(CLUSTER_ROOMS), user = pick(CLUSTER_USERS);
            const unsigned what = pick(5);
            if (what < 2) {
                cluster_open_socket(pubsub, room, user);
            } else if (what < 4) {
                /* The grace of the pushd with the last socket counts. */
                if (pubsub->sockets[room][user] == 1)
                    until[room][user] = cluster.now + CLUSTER_GRACE;
                cluster_close_socket(pubsub, room, user);
            } else {
                cluster_tick_all(pick(2000));
            }
            cluster_deliver_all();
            for (int i = 0; i < 3; i++)
                for (uint64_t at = 0; at < CLUSTER_USERS && cluster.nodes[i].open[room]; at++)
                    assert_int_equal(cluster_online(&cluster.nodes[i], room).users[at],
                                     cluster_has_sockets(room, at) ||
                                         until[room][at] > cluster.now);
        }
        cluster_end();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_orders_converge),
        cmocka_unit_test(views_are_exact_without_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
