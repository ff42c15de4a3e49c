-- The replies to each message, numbered from 1 in their order. Only a reply writes here; those that
-- there are get their numbers now.

ALTER TABLE message
    ADD COLUMN IF NOT EXISTS reply_count INT UNSIGNED NOT NULL DEFAULT 0,
    ALGORITHM = INSTANT;

CREATE TABLE IF NOT EXISTS reply (
    room_id    BIGINT UNSIGNED NOT NULL,
    message_id BIGINT UNSIGNED NOT NULL,
    number     INT UNSIGNED NOT NULL,
    position   BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (room_id, message_id, number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

INSERT IGNORE INTO reply (room_id, message_id, number, position)
    SELECT room_id, reply_to_id,
        ROW_NUMBER() OVER (PARTITION BY room_id, reply_to_id ORDER BY position), position
    FROM message WHERE reply_to_id IS NOT NULL;

UPDATE message m
    JOIN (SELECT room_id, message_id, MAX(number) number FROM reply GROUP BY room_id, message_id) c
    ON c.message_id = m.message_id AND c.room_id = m.room_id
    SET m.reply_count = c.number;
