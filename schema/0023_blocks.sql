-- Users whom other users have blocked. A post in a direct room reads whether one of its two users
-- has blocked the other; in other rooms a post reads nothing of this.

CREATE TABLE IF NOT EXISTS block (
    user_id    BIGINT UNSIGNED NOT NULL,
    blocked_id BIGINT UNSIGNED NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, blocked_id),
    KEY blocked_id (blocked_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE user
    ADD COLUMN IF NOT EXISTS block_changes INT UNSIGNED NOT NULL DEFAULT 0,
    ALGORITHM = INSTANT;

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS has_block BOOLEAN NOT NULL DEFAULT FALSE,
    ALGORITHM = INSTANT;

ALTER TABLE mention
    ADD COLUMN IF NOT EXISTS is_blocked BOOLEAN NOT NULL DEFAULT FALSE,
    ALGORITHM = INSTANT;
