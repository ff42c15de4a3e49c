-- Finding users by the words of their names. The beginnings of user names are found by the index of
-- user names; here are the other words: those of display names, and those inside user names.

CREATE TABLE IF NOT EXISTS user_word (
    word    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_nopad_ci NOT NULL,
    user_id BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (word, user_id),
    KEY user_id (user_id),
    CONSTRAINT user_word_of_user FOREIGN KEY (user_id) REFERENCES user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- No user has a display name yet. User names are letters and digits of ASCII, and these three signs.
-- A thousand at a time, so that no row of a user is locked for long.
BEGIN NOT ATOMIC
    DECLARE v_after BIGINT UNSIGNED DEFAULT 0;
    DECLARE v_last BIGINT UNSIGNED;
    SELECT COALESCE(MAX(user_id), 0) INTO v_last FROM user;
    WHILE v_after < v_last DO
        INSERT IGNORE INTO user_word (word, user_id)
        WITH RECURSIVE place (nth) AS (SELECT 2 UNION ALL SELECT nth + 1 FROM place WHERE nth < 32)
        SELECT SUBSTRING(u.username, nth), u.user_id
        FROM user u JOIN place ON nth <= CHAR_LENGTH(u.username)
        WHERE u.user_id > v_after AND u.user_id <= v_after + 1000
            AND SUBSTRING(u.username, nth - 1, 1) IN ('-', '.', '_')
            AND SUBSTRING(u.username, nth, 1) NOT IN ('-', '.', '_');
        SET v_after = v_after + 1000;
    END WHILE;
END;

-- Changes of profiles, for the entity tags of lists that show them.
INSERT INTO total (name, number) VALUES ('profile_changes', 0)
ON DUPLICATE KEY UPDATE number = number;
