-- The id of this database, by which a client notices a restored backup; where in the user's own
-- stream a read mark has changed last; and the random names of the bells. A post writes none of
-- this.

CREATE TABLE IF NOT EXISTS site_value (
    name  VARCHAR(32) NOT NULL,
    value VARCHAR(64) NOT NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

INSERT IGNORE INTO site_value (name, value)
    VALUES ('database_id', LEFT(SHA2(CONCAT(UUID(), RAND(), SYSDATE(6)), 256), 32));

ALTER TABLE member
    ADD COLUMN IF NOT EXISTS mark_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
    ALGORITHM = INSTANT;

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS bell BINARY(16) NULL,
    ADD COLUMN IF NOT EXISTS bell_generation INT UNSIGNED NOT NULL DEFAULT 0,
    ALGORITHM = INSTANT;

ALTER TABLE user
    ADD COLUMN IF NOT EXISTS bell BINARY(16) NULL,
    ALGORITHM = INSTANT;
