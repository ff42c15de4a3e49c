-- The tables of confab. Every statement can be run again, so that a migration that
-- was cut short (DDL is not transactional) is simply applied once more.
-- Why they are as they are stands in schema/README.md.

CREATE TABLE IF NOT EXISTS user (
    user_id       BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    username      VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_nopad_ci NOT NULL,
    password_hash VARCHAR(128) NOT NULL,
    is_active     BOOLEAN NOT NULL DEFAULT TRUE,
    is_staff      BOOLEAN NOT NULL DEFAULT FALSE,
    created_at    DATETIME(6) NOT NULL,
    last_seq      BIGINT UNSIGNED NOT NULL DEFAULT 0,
    oldest_seq    BIGINT UNSIGNED NOT NULL DEFAULT 1,
    rooms_count   BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id),
    UNIQUE KEY username (username)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS token (
    token_id   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    token_hash BINARY(32) NOT NULL,
    user_id    BIGINT UNSIGNED NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (token_id),
    UNIQUE KEY token_hash (token_hash),
    KEY user_id (user_id),
    CONSTRAINT token_of_user FOREIGN KEY (user_id) REFERENCES user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS session (
    session_id   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    session_hash BINARY(32) NOT NULL,
    user_id      BIGINT UNSIGNED NOT NULL,
    created_at   DATETIME(6) NOT NULL,
    expires_at   DATETIME(6) NOT NULL,
    PRIMARY KEY (session_id),
    UNIQUE KEY session_hash (session_hash),
    KEY user_id (user_id),
    KEY expires_at (expires_at),
    CONSTRAINT session_of_user FOREIGN KEY (user_id) REFERENCES user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS room (
    room_id        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    name           VARCHAR(128) NOT NULL,
    is_private     BOOLEAN NOT NULL,
    direct_low     BIGINT UNSIGNED NULL,
    direct_high    BIGINT UNSIGNED NULL,
    created_by_id  BIGINT UNSIGNED NOT NULL,
    created_at     DATETIME(6) NOT NULL,
    last_active_at DATETIME(6) NOT NULL,
    last_seq       BIGINT UNSIGNED NOT NULL DEFAULT 0,
    oldest_seq     BIGINT UNSIGNED NOT NULL DEFAULT 1,
    message_count  BIGINT UNSIGNED NOT NULL DEFAULT 0,
    members_count  BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id),
    UNIQUE KEY direct (direct_low, direct_high),
    KEY is_private (is_private)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS member (
    room_id            BIGINT UNSIGNED NOT NULL,
    user_id            BIGINT UNSIGNED NOT NULL,
    membership_id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    is_admin           BOOLEAN NOT NULL,
    joined_at          DATETIME(6) NOT NULL,
    last_read_position BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, user_id),
    UNIQUE KEY membership_id (membership_id),
    KEY user_id (user_id, room_id),
    CONSTRAINT member_in_room FOREIGN KEY (room_id) REFERENCES room (room_id),
    CONSTRAINT member_is_user FOREIGN KEY (user_id) REFERENCES user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS message (
    room_id      BIGINT UNSIGNED NOT NULL,
    position     BIGINT UNSIGNED NOT NULL,
    message_id   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    sender_id    BIGINT UNSIGNED NOT NULL,
    message_type TINYINT UNSIGNED NOT NULL,
    is_deleted   BOOLEAN NOT NULL DEFAULT FALSE,
    reply_to_id  BIGINT UNSIGNED NULL,
    created_at   DATETIME(6) NOT NULL,
    edited_at    DATETIME(6) NULL,
    client_id    VARCHAR(65) NOT NULL,
    content      VARCHAR(8000) NOT NULL,
    PRIMARY KEY (room_id, position),
    UNIQUE KEY message_id (message_id),
    UNIQUE KEY client_id (room_id, sender_id, client_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS event (
    room_id    BIGINT UNSIGNED NOT NULL,
    seq        BIGINT UNSIGNED NOT NULL,
    event_type TINYINT UNSIGNED NOT NULL,
    actor_id   BIGINT UNSIGNED NOT NULL,
    subject_id BIGINT UNSIGNED NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (room_id, seq)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS user_event (
    user_id    BIGINT UNSIGNED NOT NULL,
    seq        BIGINT UNSIGNED NOT NULL,
    event_type TINYINT UNSIGNED NOT NULL,
    actor_id   BIGINT UNSIGNED NOT NULL,
    subject_id BIGINT UNSIGNED NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, seq)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS deleted_room (
    room_id    BIGINT UNSIGNED NOT NULL,
    deleted_at DATETIME(6) NOT NULL,
    PRIMARY KEY (room_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS rate (
    bucket BINARY(16) NOT NULL,
    tat    BIGINT NOT NULL,
    PRIMARY KEY (bucket)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS housekeeping (
    task   VARCHAR(32) NOT NULL,
    ran_at DATETIME(6) NOT NULL,
    PRIMARY KEY (task)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
