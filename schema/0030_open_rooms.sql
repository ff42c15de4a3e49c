-- Rooms that anyone may read, rooms for guests, and rooms whose members see what came after they
-- joined. A post in a room without rules reads nothing of this.

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS history TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS guests TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS is_open BOOLEAN NOT NULL DEFAULT FALSE,
    ALGORITHM = INSTANT;

ALTER TABLE member
    ADD COLUMN IF NOT EXISTS first_position BIGINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS first_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
    ALGORITHM = INSTANT;
