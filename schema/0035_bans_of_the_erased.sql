-- Bans of users whose accounts were erased, by a keyed hash of the id that the site has for them. A
-- post reads none of it.

CREATE TABLE IF NOT EXISTS identity_ban (
    identity CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    room_id  BIGINT UNSIGNED NOT NULL,
    until    DATETIME(6) NULL,
    PRIMARY KEY (identity, room_id),
    KEY until (until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
