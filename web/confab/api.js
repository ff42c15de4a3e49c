/** A method for each path of the API. Logging in and out are in client.js. */

import { Emitter } from "./emitter.js";
import { query } from "./http.js";

const roomPath = (id, rest = "") => `/api/chat/rooms/${id}/${rest}`;

/** Needs request(), me(), url, user and profiles of the client. */
export class Api extends Emitter {
    // ---- accounts ----

    async changePassword(oldPassword, newPassword) {
        await this.request("POST", "/api/auth/password/", {
            old_password: oldPassword,
            new_password: newPassword,
        });
    }

    // Codes of an authenticator app at logins (RFC 6238).

    secondFactor() {
        return this.request("GET", "/api/auth/totp/");
    }

    beginSecondFactor() {
        return this.request("POST", "/api/auth/totp/");
    }

    async confirmSecondFactor(code) {
        const answer = await this.request("POST", "/api/auth/totp/confirm/", { code });
        return answer.recovery_codes;
    }

    async endSecondFactor(code) {
        await this.request("DELETE", "/api/auth/totp/", { code });
    }

    // The mail address, and a new password by a link in a mail.

    email() {
        return this.request("GET", "/api/auth/email/");
    }

    async setEmail(email, password) {
        await this.request("POST", "/api/auth/email/", { email, password });
    }

    async removeEmail() {
        await this.request("DELETE", "/api/auth/email/");
    }

    async confirmEmail(token) {
        await this.request("POST", "/api/auth/email/confirm/", { token });
    }

    async requestPasswordReset(email) {
        await this.request("POST", "/api/auth/reset/", { email });
    }

    async resetPassword(token, newPassword) {
        await this.request("POST", "/api/auth/reset/confirm/", {
            token,
            new_password: newPassword,
        });
    }

    // The user's own data.

    requestExport() {
        return this.request("POST", "/api/auth/me/export/");
    }

    exportState() {
        return this.request("GET", "/api/auth/me/export/");
    }

    async eraseAccount(erasure) {
        await this.request("DELETE", "/api/auth/me/", erasure);
    }

    sessions(options) {
        return this.request("GET", `/api/auth/sessions/${query(options)}`);
    }

    async endSession(sessionId) {
        await this.request("DELETE", `/api/auth/sessions/${sessionId}/`);
    }

    /** Ends all sessions and tokens of the user but this one. */
    async endOtherSessions() {
        await this.request("DELETE", "/api/auth/sessions/");
    }

    async users({ ids, ...options } = {}) {
        const asked = ids ? { ids: ids.join(",") } : options;
        const page = await this.request("GET", `/api/chat/users/${query(asked)}`);
        // An answer by ids may be that of a cache.
        if (!ids) {
            this.profiles.put(page.results);
        }
        return page;
    }

    /** Messages by their words; options: room, from, before, after, has, limit, cursor. */
    search(q, options = {}) {
        return this.request("GET", `/api/chat/search/${query({ q, ...options })}`);
    }

    // ---- rooms ----

    rooms({ public: isPublic, hidden, ...page } = {}) {
        const options = { ...page, ...(isPublic && { public: 1 }), ...(hidden && { hidden: 1 }) };
        return this.request("GET", `/api/chat/rooms/${query(options)}`);
    }

    /** The rooms that anyone may read; also without credentials. `before` and `after` are rooms. */
    openRooms(options) {
        return this.request("GET", `/api/chat/open-rooms/${query(options)}`);
    }

    room(roomId) {
        return this.request("GET", roomPath(roomId));
    }

    /** The room with this key; null if there is none that the user may see. */
    async roomByKey(key) {
        const { results } = await this.rooms({ key });
        return results.find((room) => room.key === key) ?? null;
    }

    createRoom(made) {
        return this.request("POST", "/api/chat/rooms/", made);
    }

    updateRoom(roomId, change) {
        return this.request("PATCH", roomPath(roomId), change);
    }

    async deleteRoom(roomId) {
        await this.request("DELETE", roomPath(roomId));
    }

    directRoom(userId) {
        return this.request("POST", "/api/chat/rooms/direct/", { user_id: userId });
    }

    join(roomId) {
        return this.request("POST", roomPath(roomId, "join/"));
    }

    async leave(roomId) {
        const { user_id: own } = this.user ?? (await this.me());
        await this.removeMember(roomId, own);
    }

    invite(roomId, userId) {
        return this.request("POST", roomPath(roomId, "invite/"), { user_id: userId });
    }

    // ---- invite links ----

    /** Makes a link by which users join with a role: { role, expires_at, max_uses }. */
    addLink(roomId, link) {
        return this.request("POST", roomPath(roomId, "links/"), link);
    }

    links(roomId, options) {
        return this.request("GET", roomPath(roomId, `links/${query(options)}`));
    }

    async removeLink(roomId, linkId) {
        await this.request("DELETE", roomPath(roomId, `links/${linkId}/`));
    }

    /** What a link leads to: { name, topic, members_count }. Needs no login. */
    link(link) {
        return this.request("GET", `/api/chat/links/${encodeURIComponent(link)}/`);
    }

    /** Joins the room of a link. */
    useLink(link) {
        return this.request("POST", "/api/chat/links/use/", { link });
    }

    async removeMember(roomId, userId) {
        await this.request("POST", roomPath(roomId, "remove_member/"), { user_id: userId });
    }

    async members(roomId, options) {
        const page = await this.request("GET", roomPath(roomId, `members/${query(options)}`));
        this.profiles.put(page.results);
        return page;
    }

    setAdmin(roomId, userId, isAdmin) {
        return this.request("PATCH", roomPath(roomId, `members/${userId}/`), { is_admin: isAdmin });
    }

    setRole(roomId, userId, role) {
        return this.request("PATCH", roomPath(roomId, `members/${userId}/`), { role });
    }

    // ---- moderation of a room ----

    silence(roomId, userId, minutes) {
        return this.request("POST", roomPath(roomId, "silence/"), { user_id: userId, minutes });
    }

    async unsilence(roomId, userId) {
        await this.request("DELETE", roomPath(roomId, "silence/"), { user_id: userId });
    }

    ban(roomId, userId, options) {
        return this.request("POST", roomPath(roomId, "bans/"), { user_id: userId, ...options });
    }

    async unban(roomId, userId) {
        await this.request("DELETE", roomPath(roomId, `bans/${userId}/`));
    }

    bans(roomId, options) {
        return this.request("GET", roomPath(roomId, `bans/${query(options)}`));
    }

    // The whole site, for site moderators.

    siteBan(userId, options) {
        return this.request("POST", "/api/site/bans/", { user_id: userId, ...options });
    }

    async siteUnban(userId) {
        await this.request("DELETE", `/api/site/bans/${userId}/`);
    }

    siteBans(options) {
        return this.request("GET", `/api/site/bans/${query(options)}`);
    }

    /** What moderators and others have done, oldest first: { after, limit }. */
    audit(options) {
        return this.request("GET", `/api/site/audit/${query(options)}`);
    }

    /** The bans of all rooms that the user moderates; of a site moderator all rooms. */
    roomBans(options) {
        return this.request("GET", `/api/chat/bans/${query(options)}`);
    }

    /** The members of a room who are silenced, for its moderators. */
    silences(roomId, options) {
        return this.request("GET", roomPath(roomId, `silences/${query(options)}`));
    }

    /** The same of all rooms that the user moderates. */
    roomSilences(options) {
        return this.request("GET", `/api/chat/silences/${query(options)}`);
    }

    /** Messages that the word filter holds: of moderators all, of others their own. */
    held(roomId, options) {
        return this.request("GET", roomPath(roomId, `held/${query(options)}`));
    }

    /** The same of all rooms that the user moderates. */
    heldMessages(options) {
        return this.request("GET", `/api/chat/held/${query(options)}`);
    }

    /** Posts a held message, in the name of its sender. */
    approveHeld(roomId, heldId) {
        return this.request("POST", roomPath(roomId, `held/${heldId}/approve/`));
    }

    async dropHeld(roomId, heldId) {
        await this.request("DELETE", roomPath(roomId, `held/${heldId}/`));
    }

    blocks(options) {
        return this.request("GET", `/api/chat/blocks/${query(options)}`);
    }

    block(userId) {
        return this.request("POST", "/api/chat/blocks/", { user_id: userId });
    }

    async unblock(userId) {
        await this.request("DELETE", "/api/chat/blocks/", { user_id: userId });
    }

    report(roomId, messageId, report) {
        return this.request("POST", roomPath(roomId, `messages/${messageId}/report/`), report);
    }

    reports(options) {
        return this.request("GET", `/api/chat/reports/${query(options)}`);
    }

    closeReport(reportId, state) {
        return this.request("PATCH", `/api/chat/reports/${reportId}/`, { state });
    }

    /** What the user sets for a room: { notify, muted_until, is_favorite, is_hidden }. */
    setRoomView(roomId, change) {
        return this.request("PATCH", roomPath(roomId, "me/"), change);
    }

    /** Hides a room from the list until there is a new message in it, or shows it again. */
    hideRoom(roomId, isHidden = true) {
        return this.setRoomView(roomId, { is_hidden: isHidden });
    }

    presence(roomId) {
        return this.request("GET", roomPath(roomId, "presence/"));
    }

    markRead(roomId, messageId) {
        return this.request("POST", roomPath(roomId, "read/"), { message_id: messageId });
    }

    /** The read marks of the members. */
    reads(roomId, options) {
        return this.request("GET", roomPath(roomId, `reads/${query(options)}`));
    }

    /** The members who have read a message. */
    messageReads(roomId, messageId, options) {
        const path = `messages/${messageId}/reads/${query(options)}`;
        return this.request("GET", roomPath(roomId, path));
    }

    markUnread(roomId, messageId) {
        return this.request("POST", roomPath(roomId, "unread/"), { message_id: messageId });
    }

    async markAllRead() {
        await this.request("POST", "/api/chat/rooms/read/");
    }

    // ---- messages ----

    /** The messages that mention the user, in all rooms. */
    mentions(options) {
        return this.request("GET", `/api/chat/mentions/${query(options)}`);
    }

    messages(roomId, options) {
        return this.request("GET", roomPath(roomId, `messages/${query(options)}`));
    }

    message(roomId, messageId) {
        return this.request("GET", roomPath(roomId, `messages/${messageId}/`));
    }

    postMessage(roomId, message) {
        return this.request("POST", roomPath(roomId, "messages/"), message);
    }

    editMessage(roomId, messageId, content, change) {
        const path = roomPath(roomId, `messages/${messageId}/`);
        return this.request("PATCH", path, { content, ...change });
    }

    /** The address of a file, or its thumbnail, for pages that share the chat's cookie. */
    fileUrl(file, { thumbnail = false } = {}) {
        return this.url + (thumbnail ? `/api/chat/files/${file.file_id}/thumbnail/` : file.url);
    }

    /** An address of a file that needs no credentials for five minutes. */
    async fileLink(fileId) {
        const { url, expires_at } = await this.request("GET", `/api/chat/files/${fileId}/link/`);
        return { url: new URL(url, new URL(this.url, globalThis.location?.href)).href, expires_at };
    }

    async deleteMessage(roomId, messageId) {
        await this.request("DELETE", roomPath(roomId, `messages/${messageId}/`));
    }

    /** Reacts to a message with an emoji. Resolves to all reactions to it. */
    react(roomId, messageId, emoji) {
        return this.request("PUT", roomPath(roomId, `messages/${messageId}/reactions/`), { emoji });
    }

    /** Takes a reaction back. Resolves to all reactions to the message. */
    unreact(roomId, messageId, emoji) {
        return this.request(
            "DELETE",
            roomPath(roomId, `messages/${messageId}/reactions/${query({ emoji })}`),
        );
    }

    /** The messages that answer this one directly, oldest first. */
    replies(roomId, messageId, options) {
        return this.request(
            "GET",
            roomPath(roomId, `messages/${messageId}/replies/${query(options)}`),
        );
    }

    /** The reactions to a message, oldest first. */
    reactions(roomId, messageId, options) {
        return this.request(
            "GET",
            roomPath(roomId, `messages/${messageId}/reactions/${query(options)}`),
        );
    }

    /** The pinned messages, the one pinned last first. */
    pins(roomId, options) {
        return this.request("GET", roomPath(roomId, `pins/${query(options)}`));
    }

    pin(roomId, messageId) {
        return this.request("PUT", roomPath(roomId, `pins/${messageId}/`));
    }

    async unpin(roomId, messageId) {
        await this.request("DELETE", roomPath(roomId, `pins/${messageId}/`));
    }

    /** All that is new since the numbers given: { database_id, user_seq, rooms, limit, etag }. */
    sync(known = {}) {
        return this.request("POST", "/api/chat/sync/", known);
    }

    /** Events of the user's own stream. */
    ownEvents(options) {
        return this.request("GET", `/api/chat/events/${query(options)}`);
    }

    events(roomId, options) {
        return this.request("GET", roomPath(roomId, `events/${query(options)}`));
    }

    // ---- everything else ----

    /** A link names the host as the server sees it, which may differ from the client's view. */
    follow(link) {
        const { pathname, search } = new URL(link, this.url);
        const start = new URL(this.url).pathname.replace(/\/$/, "");
        return this.request(
            "GET",
            pathname.slice(pathname.startsWith(start) ? start.length : 0) + search,
        );
    }

    health() {
        return this.request("GET", "/healthz");
    }
}
