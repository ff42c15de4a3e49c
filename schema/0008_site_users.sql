-- Users whom a site brings with it: their profiles, the names under which the site knows users and
-- rooms, and the keys of the site's own programs. No column here is written by a post.

ALTER TABLE user
    ADD COLUMN IF NOT EXISTS display_name VARCHAR(64) NULL,
    ADD COLUMN IF NOT EXISTS avatar_url VARCHAR(512) NULL,
    ADD COLUMN IF NOT EXISTS locale VARCHAR(35) NULL,
    ADD COLUMN IF NOT EXISTS email VARCHAR(254) NULL,
    ADD COLUMN IF NOT EXISTS email_verified BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN IF NOT EXISTS is_bot BOOLEAN NOT NULL DEFAULT FALSE,
    ALGORITHM = INSTANT;

CREATE TABLE IF NOT EXISTS external_user (
    issuer  VARCHAR(255) NOT NULL,
    subject VARCHAR(128) NOT NULL,
    user_id BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (issuer, subject),
    KEY user_id (user_id),
    CONSTRAINT external_user_is_user FOREIGN KEY (user_id) REFERENCES user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS room_key VARCHAR(128) NULL,
    ALGORITHM = INSTANT;

ALTER TABLE room ADD UNIQUE KEY IF NOT EXISTS room_key (room_key);

ALTER TABLE token
    ADD COLUMN IF NOT EXISTS expires_at DATETIME(6) NULL,
    ADD COLUMN IF NOT EXISTS last_used_at DATETIME(6) NULL,
    ALGORITHM = INSTANT;

ALTER TABLE session
    ADD COLUMN IF NOT EXISTS last_used_at DATETIME(6) NULL,
    ALGORITHM = INSTANT;

CREATE TABLE IF NOT EXISTS used_jwt (
    issuer_jti_hash BINARY(32) NOT NULL,
    expires_at      DATETIME(6) NOT NULL,
    PRIMARY KEY (issuer_jti_hash),
    KEY expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS api_key (
    api_key_id   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    key_hash     BINARY(32) NOT NULL,
    name         VARCHAR(64) NOT NULL,
    scopes       VARCHAR(255) NOT NULL,
    addresses    VARCHAR(1024) NOT NULL DEFAULT '',
    created_at   DATETIME(6) NOT NULL,
    expires_at   DATETIME(6) NULL,
    last_used_at DATETIME(6) NULL,
    revoked_at   DATETIME(6) NULL,
    PRIMARY KEY (api_key_id),
    UNIQUE KEY key_hash (key_hash),
    UNIQUE KEY name (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
