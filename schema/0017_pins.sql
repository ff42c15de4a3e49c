-- Messages pinned in a room, and who may pin besides its admins.

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS may_pin TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS pin_count TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ALGORITHM = INSTANT;

CREATE TABLE IF NOT EXISTS pin (
    room_id    BIGINT UNSIGNED NOT NULL,
    seq        BIGINT UNSIGNED NOT NULL,
    message_id BIGINT UNSIGNED NOT NULL,
    user_id    BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (room_id, seq),
    UNIQUE KEY message_id (room_id, message_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
