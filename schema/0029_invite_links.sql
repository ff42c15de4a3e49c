-- Links by which users join a room, and users removed from rooms: older links do not admit them.

CREATE TABLE IF NOT EXISTS invite_link (
    link_id       BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    room_id       BIGINT UNSIGNED NOT NULL,
    link          CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    role          TINYINT UNSIGNED NOT NULL,
    created_by_id BIGINT UNSIGNED NOT NULL,
    created_at    DATETIME(6) NOT NULL,
    expires_at    DATETIME(6) NULL,
    max_uses      BIGINT UNSIGNED NULL,
    uses          BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (link_id),
    UNIQUE KEY link (link),
    KEY room_id (room_id, link_id),
    KEY expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS removal (
    room_id    BIGINT UNSIGNED NOT NULL,
    user_id    BIGINT UNSIGNED NOT NULL,
    removed_at DATETIME(6) NOT NULL,
    PRIMARY KEY (room_id, user_id),
    KEY user_id (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
