-- Rooms that can be read without a membership.

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS is_live BOOLEAN NOT NULL DEFAULT FALSE,
    ALGORITHM = INSTANT;
