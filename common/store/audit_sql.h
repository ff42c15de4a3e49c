/*
 * audit_sql: SQL by which transactions write entries of the audit (audit_log.h), so that there is
 * no change without its entry.
 *
 * A moderator's transaction names what it does (AUDIT_SQL). What API keys and the administrator do
 * is known to the connection: audit_log_begin sets variables of the session, and each TRANSACTION
 * that reaches its end has an entry then.
 *
 *   @confab_audit_action                  what; NULL: there are only the entries of moderators
 *   @confab_audit_kind, _actor            an enum audit_actor and its id; NULL: p_user
 *   @confab_audit_user, _room, _subject   whom and where; a transaction may set them
 *   @confab_audit_once                    one entry is enough for all transactions
 *   @confab_audit_last                    the number of the last entry
 */
#ifndef CONFAB_COMMON_STORE_AUDIT_SQL_H
#define CONFAB_COMMON_STORE_AUDIT_SQL_H

/* An entry; the arguments are SQL. The numbers come from a counter and not from AUTO_INCREMENT,
 * which leaves gaps after a rollback. Its row stays locked until the commit. */
#define AUDIT_ENTRY_SQL(action, kind, actor, user, room, subject, reason)                      \
    "UPDATE total SET number = number + 1 WHERE name = 'audit'; "                              \
    "INSERT INTO audit (audit_id, action, actor_kind, actor_id, user_id, room_id, "            \
    "subject_id, reason, created_at) SELECT (@confab_audit_last := number), " action ", " kind \
    ", " actor ", " user ", " room ", " subject ", " reason                                    \
    ", SYSDATE(6) FROM total WHERE name = 'audit'; SET v_audited = TRUE; "

/* An entry by the user p_user, or by the actor of the connection. */
#define AUDIT_SQL(action, user, room, subject, reason)           \
    AUDIT_ENTRY_SQL(action, "COALESCE(@confab_audit_kind, 1)",   \
                    "COALESCE(@confab_audit_actor, p_user)", user, room, subject, reason)

/* Whom, where and what a transaction changes, for the entry at its end. */
#define AUDIT_USER_SQL(user) "SET @confab_audit_user = " user "; "
#define AUDIT_ROOM_SQL(room) "SET @confab_audit_room = " room "; "
#define AUDIT_SUBJECT_SQL(subject) "SET @confab_audit_subject = " subject "; "

/* The end of each transaction. Several for the same user and room in one request, such as those of
 * a name and a role, have one entry. */
#define AUDIT_END_SQL                                                                        \
    "IF @confab_audit_action IS NOT NULL AND NOT v_audited AND NOT EXISTS (SELECT 1 "        \
    "FROM audit WHERE audit_id = @confab_audit_last AND actor_kind = @confab_audit_kind "    \
    "AND actor_id = @confab_audit_actor AND (@confab_audit_once OR "                         \
    "(user_id = @confab_audit_user AND room_id = @confab_audit_room "                        \
    "AND subject_id = @confab_audit_subject))) THEN "                                        \
    AUDIT_ENTRY_SQL("@confab_audit_action", "@confab_audit_kind", "@confab_audit_actor",     \
                    "@confab_audit_user", "@confab_audit_room", "@confab_audit_subject",     \
                    "NULL")                                                                  \
    "END IF; "

#endif
