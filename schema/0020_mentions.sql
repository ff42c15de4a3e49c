-- Mentions of users in messages; what members set for a room: notifications, favourites.

-- The mentions of a message as clients see them; NULL in messages without any.
ALTER TABLE message
    ADD COLUMN IF NOT EXISTS mentions VARCHAR(1200) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ALGORITHM = INSTANT;

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS all_position BIGINT UNSIGNED NOT NULL DEFAULT 0,
    ALGORITHM = INSTANT;

ALTER TABLE member
    ADD COLUMN IF NOT EXISTS mention_position BIGINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS notify TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS muted_until DATETIME(6) NULL,
    ADD COLUMN IF NOT EXISTS is_favorite BOOLEAN NOT NULL DEFAULT FALSE,
    ALGORITHM = INSTANT;

ALTER TABLE member ADD KEY IF NOT EXISTS listed (user_id, is_favorite, hidden_position);

-- Set by the first favourite, too.
ALTER TABLE user RENAME COLUMN IF EXISTS has_hidden TO has_preferences;

CREATE TABLE IF NOT EXISTS mention (
    user_id    BIGINT UNSIGNED NOT NULL,
    room_id    BIGINT UNSIGNED NOT NULL,
    position   BIGINT UNSIGNED NOT NULL,
    message_id BIGINT UNSIGNED NOT NULL,
    sender_id  BIGINT UNSIGNED NOT NULL,
    created_at DATETIME(6) NOT NULL,
    is_current BOOLEAN NOT NULL DEFAULT TRUE,
    PRIMARY KEY (user_id, room_id, position),
    KEY message (user_id, message_id),
    KEY room (room_id, position)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
