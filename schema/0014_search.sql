-- The index of searches, and how far it has come in each room. No post writes to it: a follower
-- reads messages after they were posted (common/store/messages/search_index.c).

CREATE TABLE IF NOT EXISTS search_room (
    room_id  BIGINT UNSIGNED NOT NULL,
    seq      BIGINT UNSIGNED NOT NULL,
    position BIGINT UNSIGNED NOT NULL,
    indexed  BIGINT UNSIGNED NOT NULL,
    version  BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (room_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS search_term (
    room_id    BIGINT UNSIGNED NOT NULL,
    block      INT UNSIGNED NOT NULL,
    term       VARCHAR(24) NOT NULL,
    position   INT UNSIGNED NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (room_id, block, term, position)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
