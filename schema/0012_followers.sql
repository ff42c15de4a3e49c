-- Consumers that hear of events: how far each has read each room, hooks in both directions, the
-- workers that deliver, and keys fetched from the site. A post writes to none of these: a room with
-- something new is found by its last_active_at, or by changed_at, which other events set.

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS changed_at DATETIME(6) NULL,
    ALGORITHM = INSTANT;

ALTER TABLE room ADD KEY IF NOT EXISTS changed_at (changed_at);

CREATE TABLE IF NOT EXISTS follower (
    follower_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    pull_name   VARCHAR(64) NULL,
    started_at  DATETIME(6) NULL,
    seen_at     DATETIME(6) NOT NULL,
    PRIMARY KEY (follower_id),
    UNIQUE KEY pull_name (pull_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS follower_room (
    follower_id BIGINT UNSIGNED NOT NULL,
    room_id     BIGINT UNSIGNED NOT NULL,
    seq         BIGINT UNSIGNED NOT NULL,
    batch_seq   BIGINT UNSIGNED NOT NULL DEFAULT 0,
    due_at      DATETIME(6) NULL,
    behind_at   DATETIME(6) NULL,
    tries       INT UNSIGNED NOT NULL DEFAULT 0,
    worker_id   BIGINT UNSIGNED NULL,
    claim       BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (follower_id, room_id),
    KEY due (worker_id, due_at),
    KEY of_follower (follower_id, due_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS hook (
    hook_id          BIGINT UNSIGNED NOT NULL,
    name             VARCHAR(64) NOT NULL,
    url              VARCHAR(2048) NOT NULL,
    event_types      BIGINT UNSIGNED NULL,
    rooms            VARCHAR(2200) NULL,
    is_active        BOOLEAN NOT NULL,
    secret           BINARY(32) NOT NULL,
    old_secret       BINARY(32) NULL,
    old_secret_until DATETIME(6) NULL,
    created_at       DATETIME(6) NOT NULL,
    delivered_count  BIGINT UNSIGNED NOT NULL DEFAULT 0,
    failed_count     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    delivered_at     DATETIME(6) NULL,
    failed_at        DATETIME(6) NULL,
    failure          VARCHAR(255) NULL,
    PRIMARY KEY (hook_id),
    CONSTRAINT hook_is_follower FOREIGN KEY (hook_id) REFERENCES follower (follower_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS hook_in (
    hook_in_id  BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    name        VARCHAR(64) NOT NULL,
    secret_hash BINARY(32) NOT NULL,
    room_id     BIGINT UNSIGNED NOT NULL,
    user_id     BIGINT UNSIGNED NOT NULL,
    created_at  DATETIME(6) NOT NULL,
    PRIMARY KEY (hook_in_id),
    UNIQUE KEY secret_hash (secret_hash),
    UNIQUE KEY name (name),
    CONSTRAINT hook_in_is_user FOREIGN KEY (user_id) REFERENCES user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS worker (
    worker_id   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    name        VARCHAR(64) NOT NULL,
    started_at  DATETIME(6) NOT NULL,
    alive_until DATETIME(6) NOT NULL,
    PRIMARY KEY (worker_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS jwks (
    url        VARCHAR(512) NOT NULL,
    body       MEDIUMTEXT NULL,
    fetched_at DATETIME(6) NULL,
    tried_at   DATETIME(6) NULL,
    wanted_at  DATETIME(6) NULL,
    failure    VARCHAR(255) NULL,
    PRIMARY KEY (url)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
