-- Mails to users: confirming an address, and links to set a new password; and the users of an
-- address.

CREATE TABLE IF NOT EXISTS account_mail (
    account_mail_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    user_id         BIGINT UNSIGNED NOT NULL,
    kind            TINYINT UNSIGNED NOT NULL,
    email           VARCHAR(254) NOT NULL,
    created_at      DATETIME(6) NOT NULL,
    due_at          DATETIME(6) NULL,
    tries           INT UNSIGNED NOT NULL DEFAULT 0,
    token_hash      BINARY(32) NULL,
    expires_at      DATETIME(6) NULL,
    PRIMARY KEY (account_mail_id),
    UNIQUE KEY token_hash (token_hash),
    KEY user_id (user_id),
    KEY due_at (due_at),
    KEY created_at (created_at),
    CONSTRAINT account_mail_to_user FOREIGN KEY (user_id) REFERENCES user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE user
    ADD COLUMN IF NOT EXISTS email_key VARCHAR(254) AS (LOWER(email)) VIRTUAL INVISIBLE,
    ALGORITHM = INSTANT;

ALTER TABLE user ADD KEY IF NOT EXISTS email_key (email_key);
