/*
 * bell_name: the secrets from which the names of bells are made.
 *
 * A room or user gets one when its bell is first shown to a client. The name of a room's bell also
 * depends on a generation, which changes when a member leaves and thus does not learn the new name.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_BELL_NAME_H
#define CONFAB_COMMON_STORE_ROOMS_BELL_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

#define BELL_SECRET_SIZE 16

struct bell_name {
    bool exists; /* false: it has no secret yet */
    unsigned char secret[BELL_SECRET_SIZE];
    uint64_t generation; /* 0 for users */
};

/* Two columns of a room aliased r, read by bell_name_from_row from column `first` on. */
#define BELL_NAME_COLUMNS "r.bell, r.bell_generation"
#define BELL_NAME_COLUMN_COUNT 2
void bell_name_from_row(const struct db_rows *rows, unsigned first, struct bell_name *name);

/* Read the name of the bell of a room or user and the number of the last event. ERROR_NOT_FOUND:
 * there is no such room or user. */
enum error bell_name_of_room(struct db *db, uint64_t room_id, struct bell_name *name,
                             uint64_t *last_seq);
enum error bell_name_of_user(struct db *db, uint64_t user_id, struct bell_name *name,
                             uint64_t *last_seq);

typedef void bell_name_visit(void *context, const struct bell_name *name, uint64_t last_seq);

/* Visits the rooms with a secret that have changed in the last `seconds`, other than by posts. */
enum error bell_names_changed(struct db *db, uint64_t seconds, bell_name_visit *visit,
                              void *context);

/* The same as bell_name_of_room and bell_name_of_user, but make a secret if there is none. */
enum error bell_name_make_of_room(struct db *db, uint64_t room_id, struct bell_name *name,
                                  uint64_t *last_seq);
enum error bell_name_make_of_user(struct db *db, uint64_t user_id, struct bell_name *name,
                                  uint64_t *last_seq);

#endif
