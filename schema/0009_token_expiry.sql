-- Tokens that expire are deleted by an index; and ids of users begin at 10, so that a name made of "u"
-- and the id has the three characters of every name.

ALTER TABLE token ADD KEY IF NOT EXISTS expires_at (expires_at);

ALTER TABLE user AUTO_INCREMENT = 10;
