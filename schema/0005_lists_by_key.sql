-- Lists of users and of members are read along an index, without sorting and without the rows of
-- users who are not active.

ALTER TABLE user ADD KEY IF NOT EXISTS active_username (is_active, username);

ALTER TABLE member ADD KEY IF NOT EXISTS room_membership (room_id, membership_id);
