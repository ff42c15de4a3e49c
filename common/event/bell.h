/*
 * bell: files that show polling clients, without running a program, that a stream has advanced.
 *
 * With the option bell_dir set, each change of a room, and of a user's own stream, writes the
 * number of the event into a small file (os/bell_file.h), which the web server serves. Its name is
 * made of a secret in the database; clients get it from Room objects and me/. Only how soon a
 * client asks depends on the files: a failure is logged and otherwise ignored.
 */
#ifndef CONFAB_COMMON_EVENT_BELL_H
#define CONFAB_COMMON_EVENT_BELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "os/bell_file.h"
#include "store/rooms/bell_name.h"

struct bell;

/* When a failure was last logged and the heartbeat last written: milliseconds of the real-time
 * clock. Of the processes that share it, one at a time does both. */
struct bell_times {
    _Atomic int64_t failed_ms, heartbeat_ms;
};

/* The bells in a folder, bell_dir; NULL if that is empty. times: NULL if they are not shared. Free
 * with bell_free, which takes NULL too. */
struct bell *bell_new(const char *folder, struct bell_times *times);
void bell_free(struct bell *bell);

/* Writes the name of a bell's file. */
void bell_file_name(const struct bell_name *name, char out[BELL_FILE_NAME_SIZE]);

/* Writes the number of an event; higher ones stay. False if that failed, or bell is NULL, or there
 * is no such name. */
bool bell_ring(struct bell *bell, const struct bell_name *name, uint64_t seq);

/* The file of the heartbeat: that word in hexadecimal digits, since web servers are configured for
 * names of bells. */
#define BELL_HEARTBEAT "68656172746265617400000000000000"

/* Replaces the heartbeat, a file with the present time, unless it is only seconds old. It shows
 * clients that bells can be written. Called with each request; with bell NULL it does nothing. */
void bell_write_heartbeat(struct bell *bell);

/* Removes the file of the previous generation. Clients that read it then ask the API for the new
 * name, which former members do not get. */
void bell_end_former(struct bell *bell, const struct bell_name *name);

/* Read the name and the number of the last event from the database, and write the file. With bell
 * NULL they do nothing. `left`: a member has left, so the file of the previous generation is
 * removed. */
void bell_ring_room(struct bell *bell, struct db *db, uint64_t room_id, bool left);
void bell_ring_user(struct bell *bell, struct db *db, uint64_t user_id);

/* Rings the bells of all rooms that have just changed: after slices of work whose events are not
 * published one by one, such as those of housekeeping. With bell NULL it does nothing. */
void bell_ring_changed(struct bell *bell, struct db *db);

#endif
