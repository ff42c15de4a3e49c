-- Messages, and edits of messages, that the word filter holds for moderators.

CREATE TABLE IF NOT EXISTS held (
    held_id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    room_id      BIGINT UNSIGNED NOT NULL,
    sender_id    BIGINT UNSIGNED NOT NULL,
    message_id   BIGINT UNSIGNED NULL,
    client_id    VARCHAR(65) NULL,
    message_type TINYINT UNSIGNED NOT NULL,
    reply_to_id  BIGINT UNSIGNED NULL,
    by_site      BOOLEAN NOT NULL DEFAULT FALSE,
    is_taken     BOOLEAN NOT NULL DEFAULT FALSE,
    content      VARCHAR(8000) NOT NULL,
    mentions     VARCHAR(1200) CHARACTER SET ascii COLLATE ascii_bin NULL,
    files        VARCHAR(220) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    created_at   DATETIME(6) NOT NULL,
    PRIMARY KEY (held_id),
    UNIQUE KEY client_id (room_id, sender_id, client_id),
    KEY sender_id (sender_id),
    KEY created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
