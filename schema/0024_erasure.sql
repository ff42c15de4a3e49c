-- Users who were erased, and what is still to be done of an erasure.

ALTER TABLE user
    ADD COLUMN IF NOT EXISTS erased_at DATETIME(6) NULL,
    ALGORITHM = INSTANT;

CREATE TABLE IF NOT EXISTS erasure (
    user_id    BIGINT UNSIGNED NOT NULL,
    erases     BOOLEAN NOT NULL,
    stage      TINYINT UNSIGNED NOT NULL DEFAULT 0,
    room_id    BIGINT UNSIGNED NOT NULL DEFAULT 0,
    started_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
