-- Lists of rooms come from indexes on the exact time of the last activity, and a token no longer
-- repeats whether its user is active.

ALTER TABLE room
    DROP KEY IF EXISTS active_minute,
    DROP KEY IF EXISTS public_active,
    DROP COLUMN IF EXISTS active_minute,
    ADD KEY IF NOT EXISTS last_active_at (last_active_at),
    ADD KEY IF NOT EXISTS public_last_active (is_private, last_active_at);

ALTER TABLE token DROP COLUMN IF EXISTS user_is_active;
