-- Lists of rooms, the latest active first, from a key that a message seldom moves; and the
-- number of the public rooms, which was counted for each list.

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS active_minute INT UNSIGNED
        AS (TO_SECONDS(last_active_at) DIV 60) STORED INVISIBLE,
    ADD KEY IF NOT EXISTS active_minute (active_minute),
    ADD KEY IF NOT EXISTS public_active (is_private, active_minute),
    DROP KEY IF EXISTS is_private;

CREATE TABLE IF NOT EXISTS total (
    name   VARCHAR(32) NOT NULL,
    number BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

INSERT INTO total (name, number)
    SELECT 'public_rooms', counted.number
    FROM (SELECT COUNT(*) AS number FROM room WHERE is_private = FALSE) AS counted
    ON DUPLICATE KEY UPDATE number = counted.number;
