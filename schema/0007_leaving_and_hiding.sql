-- Who invited a member, and which admins may not invite again somebody who left or was removed;
-- rooms that a member hides until there is a newer message.

ALTER TABLE member
    ADD COLUMN IF NOT EXISTS invited_by_id BIGINT UNSIGNED NULL,
    ADD COLUMN IF NOT EXISTS hidden_position BIGINT UNSIGNED NULL,
    ALGORITHM = INSTANT;

ALTER TABLE user
    ADD COLUMN IF NOT EXISTS has_hidden BOOLEAN NOT NULL DEFAULT FALSE,
    ALGORITHM = INSTANT;

CREATE TABLE IF NOT EXISTS departure (
    room_id  BIGINT UNSIGNED NOT NULL,
    user_id  BIGINT UNSIGNED NOT NULL,
    admin_id BIGINT UNSIGNED NOT NULL,
    left_at  DATETIME(6) NOT NULL,
    PRIMARY KEY (room_id, user_id, admin_id),
    KEY left_at (left_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
