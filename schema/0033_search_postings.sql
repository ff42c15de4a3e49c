-- The index of searches as lists of positions, in place of search_term and search_room (0014),
-- which older programs go on using; common/store/search/search_index.c empties those later.

CREATE TABLE IF NOT EXISTS search_progress (
    room_id  BIGINT UNSIGNED NOT NULL,
    seq      BIGINT UNSIGNED NOT NULL,
    position BIGINT UNSIGNED NOT NULL,
    indexed  BIGINT UNSIGNED NOT NULL,
    trimmed  BIGINT UNSIGNED NOT NULL,
    version  BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (room_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS search_posting (
    room_id   BIGINT UNSIGNED NOT NULL,
    segment   INT UNSIGNED NOT NULL,
    term      VARCHAR(24) NOT NULL,
    positions BLOB NOT NULL,
    PRIMARY KEY (room_id, segment, term)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
