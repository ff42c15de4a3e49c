-- Who began a silence, and keys of the lists of bans and of open rooms. A post changes none of these
-- columns.

ALTER TABLE silence
    ADD COLUMN IF NOT EXISTS silenced_by_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS created_at DATETIME(6) NULL,
    ALGORITHM = INSTANT;

ALTER TABLE ban
    ADD KEY IF NOT EXISTS of_room (room_id, created_at),
    ADD KEY IF NOT EXISTS created_at (created_at);

ALTER TABLE room
    ADD KEY IF NOT EXISTS is_open (is_open),
    ALGORITHM = INPLACE;
