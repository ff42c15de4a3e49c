-- Who has read: when a read mark was set last by its user, by reading or posting (NULL: not since
-- joining), and whether the user shares it.

ALTER TABLE member
    ADD COLUMN IF NOT EXISTS read_at DATETIME(6) NULL,
    ALGORITHM = INSTANT;

ALTER TABLE user
    ADD COLUMN IF NOT EXISTS share_read BOOLEAN NOT NULL DEFAULT TRUE,
    ALGORITHM = INSTANT;
