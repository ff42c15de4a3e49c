-- Messages that members have reported to moderators, with their words as they were then.

CREATE TABLE IF NOT EXISTS report (
    report_id     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    room_id       BIGINT UNSIGNED NOT NULL,
    message_id    BIGINT UNSIGNED NOT NULL,
    reporter_id   BIGINT UNSIGNED NOT NULL,
    sender_id     BIGINT UNSIGNED NOT NULL,
    reason        TINYINT UNSIGNED NOT NULL,
    state         TINYINT UNSIGNED NOT NULL DEFAULT 0,
    note          VARCHAR(1000) NULL,
    content       VARCHAR(8000) NOT NULL,
    created_at    DATETIME(6) NOT NULL,
    handled_at    DATETIME(6) NULL,
    handled_by_id BIGINT UNSIGNED NULL,
    PRIMARY KEY (report_id),
    UNIQUE KEY once (message_id, reporter_id),
    KEY room_id (room_id, report_id),
    KEY created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
