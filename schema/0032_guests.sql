-- Guests: users without a password, with their address as an HMAC while a ban may need it, and
-- addresses of banned guests. Nothing of it is read by a post.

ALTER TABLE user
    ADD COLUMN IF NOT EXISTS is_guest BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE IF NOT EXISTS guest (
    user_id BIGINT UNSIGNED NOT NULL,
    address CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
    seen_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id),
    KEY seen_at (seen_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS address_ban (
    room_id BIGINT UNSIGNED NOT NULL,
    address CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id BIGINT UNSIGNED NOT NULL,
    until   DATETIME(6) NOT NULL,
    PRIMARY KEY (room_id, address),
    KEY user_id (user_id),
    KEY until (until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
