/*
 * import_readers: the formats of exports.
 *
 * Each reads an export into the model, without import_model_finish. False, with source->problem, if
 * it is not in the format.
 */
#ifndef CONFAB_CONFABCTL_IMPORT_IMPORT_READERS_H
#define CONFAB_CONFABCTL_IMPORT_IMPORT_READERS_H

#include "import/import_model.h"
#include "import/import_source.h"

typedef bool import_reader(struct import_source *source, struct import_model *model);

/* Slack's export: users.json, channels.json, groups.json, mpims.json, dms.json, and a folder of
 * YYYY-MM-DD.json for each channel. Files are in __uploads/ID/NAME, where programs that fetch them
 * put them. */
import_reader import_slack;

/* Mattermost's bulk export: JSON Lines of version, team, channel, user, post, direct_channel and
 * direct_post; files beside it, or in data/. */
import_reader import_mattermost;

/* Collections of Rocket.Chat by mongoexport: users.json, rocketchat_room.json,
 * rocketchat_message.json, and rocketchat_subscription.json if there; files in uploads/ID. */
import_reader import_rocketchat;

/* What `confabctl room export` writes, and the archive of a user's own data. */
import_reader import_jsonl;

#endif
