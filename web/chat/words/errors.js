// What the chat says about errors, by code: those of the API (docs/errors.md) and of the client
// library. In English a code that is missing here is explained by the server's own words.

export const ERRORS = {
    // Of the client library: there was no answer, or none of the chat server.
    unreachable: "The server cannot be reached.",
    no_answer: "The server did not respond in time.",
    not_from_chat: "The response did not come from the chat server.",
    refused_in_front: "A firewall or proxy in front of the chat refused this (status {status}).",
    unavailable_in_front: "The chat is unavailable at the moment (status {status}).",
    discarded: "The message was discarded.",
    user_changed: "Another user has logged in in this browser.",
    not_logged_in_at_site: "You are not logged in at this site.",
    no_site_token: "This site gave no valid token for the chat.",

    // Of the API.
    throttled: "Too many requests in a short time. Try again later.",
    rate_limited: "Too many requests in a short time. Try again later.",
    code_required: "Enter the code of your authenticator app as well.",
    user_inactive: "This account is disabled.",
    registration_closed: "New accounts cannot be created here.",
    password_login_off: "Passwords are not used here. Log in at the site.",
    profile_from_site: "Your name and picture come from the site. Change them there.",
};
