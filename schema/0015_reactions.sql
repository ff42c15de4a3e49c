-- Reactions to messages: one row for each user and emoji, and one for each emoji of a message with
-- the number of its users. A message without any costs a post and a page nothing.

ALTER TABLE message
    ADD COLUMN IF NOT EXISTS reaction_kinds TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ALGORITHM = INSTANT;

CREATE TABLE IF NOT EXISTS reaction (
    room_id    BIGINT UNSIGNED NOT NULL,
    message_id BIGINT UNSIGNED NOT NULL,
    seq        BIGINT UNSIGNED NOT NULL,
    user_id    BIGINT UNSIGNED NOT NULL,
    emoji      VARCHAR(64) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (room_id, message_id, seq),
    UNIQUE KEY by_user (room_id, message_id, user_id, emoji)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS reaction_total (
    room_id    BIGINT UNSIGNED NOT NULL,
    message_id BIGINT UNSIGNED NOT NULL,
    emoji      VARCHAR(64) NOT NULL,
    number     INT UNSIGNED NOT NULL,
    since_seq  BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (room_id, message_id, emoji)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
