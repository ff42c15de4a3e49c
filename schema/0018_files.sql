-- Files that users send. A post without files reads and writes none of this.

CREATE TABLE IF NOT EXISTS file (
    file_id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    room_id      BIGINT UNSIGNED NOT NULL,
    user_id      BIGINT UNSIGNED NOT NULL,
    message_id   BIGINT UNSIGNED NULL,
    place        TINYINT UNSIGNED NOT NULL DEFAULT 0,
    state        TINYINT UNSIGNED NOT NULL DEFAULT 0,
    stored_as    BINARY(16) NOT NULL,
    name         VARCHAR(255) NOT NULL,
    size         BIGINT UNSIGNED NOT NULL,
    media_type   VARCHAR(255) NOT NULL,
    width        INT UNSIGNED NULL,
    height       INT UNSIGNED NULL,
    duration_ms  BIGINT UNSIGNED NULL,
    thumbnail    TINYINT UNSIGNED NOT NULL DEFAULT 0,
    thumbnail_at DATETIME(6) NULL,
    created_at   DATETIME(6) NOT NULL,
    expires_at   DATETIME(6) NULL,
    scan_at      DATETIME(6) NULL,
    PRIMARY KEY (file_id),
    UNIQUE KEY stored_as (stored_as),
    KEY message_id (message_id),
    KEY room_id (room_id),
    KEY user_id (user_id),
    KEY expires_at (expires_at),
    KEY scan_at (scan_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS file_quota (
    user_id BIGINT UNSIGNED NOT NULL,
    day     DATE NOT NULL,
    bytes   BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
