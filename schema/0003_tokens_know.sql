-- A token knows whether its user is active, so that a request that is let in by it need not
-- look the user up.

ALTER TABLE token ADD COLUMN IF NOT EXISTS user_is_active BOOLEAN NOT NULL DEFAULT TRUE;

UPDATE token t JOIN user u ON u.user_id = t.user_id SET t.user_is_active = u.is_active;
