-- Two-factor login by codes of an authenticator app. Users without it have no row.

CREATE TABLE IF NOT EXISTS user_totp (
    user_id      BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    secret       BINARY(20) NOT NULL,
    confirmed_at DATETIME(6) NULL,
    last_step    BIGINT UNSIGNED NOT NULL DEFAULT 0,
    recovery     VARBINARY(320) NOT NULL DEFAULT '',
    CONSTRAINT user_totp_of_user FOREIGN KEY (user_id) REFERENCES user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
