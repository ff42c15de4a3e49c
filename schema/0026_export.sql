-- Archives of what users have written and set, made by the worker.

CREATE TABLE IF NOT EXISTS export_job (
    user_id       BIGINT UNSIGNED NOT NULL,
    state         TINYINT UNSIGNED NOT NULL,
    requested_at  DATETIME(6) NOT NULL,
    claimed_until DATETIME(6) NULL,
    file_id       BIGINT UNSIGNED NULL,
    PRIMARY KEY (user_id),
    KEY state (state, requested_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
