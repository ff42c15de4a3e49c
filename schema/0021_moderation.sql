-- Roles besides that of admins, what a room allows, silences, bans, and the audit of what
-- moderators, API keys and administrators have done. A post in a room without rules reads one
-- column more.

ALTER TABLE user
    ADD COLUMN IF NOT EXISTS is_moderator BOOLEAN NOT NULL DEFAULT FALSE,
    ALGORITHM = INSTANT;

ALTER TABLE room
    ADD COLUMN IF NOT EXISTS has_rules BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN IF NOT EXISTS is_archived BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN IF NOT EXISTS post_policy TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS slow_seconds SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS members_visible BOOLEAN NOT NULL DEFAULT TRUE,
    ADD COLUMN IF NOT EXISTS topic VARCHAR(500) NOT NULL DEFAULT '',
    ALGORITHM = INSTANT;

ALTER TABLE member
    ADD COLUMN IF NOT EXISTS role TINYINT UNSIGNED NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS silenced_until DATETIME(6) NULL,
    ALGORITHM = INSTANT;

CREATE TABLE IF NOT EXISTS silence (
    room_id BIGINT UNSIGNED NOT NULL,
    user_id BIGINT UNSIGNED NOT NULL,
    until   DATETIME(6) NOT NULL,
    PRIMARY KEY (room_id, user_id),
    KEY until (until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS slow_post (
    room_id   BIGINT UNSIGNED NOT NULL,
    user_id   BIGINT UNSIGNED NOT NULL,
    posted_at DATETIME(6) NOT NULL,
    PRIMARY KEY (room_id, user_id),
    KEY posted_at (posted_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS ban (
    room_id      BIGINT UNSIGNED NOT NULL,
    user_id      BIGINT UNSIGNED NOT NULL,
    banned_by_id BIGINT UNSIGNED NOT NULL,
    reason       VARCHAR(500) NULL,
    created_at   DATETIME(6) NOT NULL,
    until        DATETIME(6) NULL,
    was_active   BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (room_id, user_id),
    KEY user_id (user_id),
    KEY until (until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS clearing (
    clearing_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    whole_site  BOOLEAN NOT NULL,
    room_id     BIGINT UNSIGNED NOT NULL,
    user_id     BIGINT UNSIGNED NOT NULL,
    actor_id    BIGINT UNSIGNED NOT NULL,
    since       DATETIME(6) NOT NULL,
    last_key    VARCHAR(65) NOT NULL DEFAULT '',
    PRIMARY KEY (clearing_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS audit (
    audit_id   BIGINT UNSIGNED NOT NULL,
    action     VARCHAR(48) NOT NULL,
    actor_kind TINYINT UNSIGNED NOT NULL,
    actor_id   BIGINT UNSIGNED NOT NULL,
    user_id    BIGINT UNSIGNED NOT NULL DEFAULT 0,
    room_id    BIGINT UNSIGNED NOT NULL DEFAULT 0,
    subject_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
    reason     VARCHAR(500) NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (audit_id),
    KEY created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

INSERT IGNORE INTO total (name, number) VALUES ('audit', 0);
