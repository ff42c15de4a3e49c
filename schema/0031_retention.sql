-- Rooms that keep their messages for some days: up to which position the messages are gone.

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS trimmed BIGINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS retention_days SMALLINT UNSIGNED NULL,
    ALGORITHM = INSTANT;

ALTER TABLE room ADD KEY IF NOT EXISTS retention_days (retention_days);
