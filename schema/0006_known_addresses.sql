-- The addresses from which a user has logged in of late: wrong passwords of strangers do not lock
-- the user out there.

CREATE TABLE IF NOT EXISTS known_address (
    user_id BIGINT UNSIGNED NOT NULL,
    address BINARY(16) NOT NULL,
    seen_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, address),
    KEY seen_at (seen_at),
    CONSTRAINT known_address_is_of_user FOREIGN KEY (user_id) REFERENCES user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
