/* user profile and user bot: how a user is shown. The rules for texts are those of the API. */
#include <inttypes.h>

#include "command.h"
#include "event/serialize.h"
#include "store/users/profile.h"
#include "store/users/profile_fields.h"

static enum cli_status set_profile(const struct cli *cli, const struct user *user,
                                   const struct profile *profile, bool *changed) {
    const enum error error = profile_set(cli->db, user->id, profile, changed);
    return error ? cli_store_error(cli, error) : CLI_OK;
}

/* ---- user profile ---- */

static void show_text(const char *label, struct text text) {
    cli_message("%-13s %.*s", label, (int)text.len, text.at);
}

/* Prints a profile, as the user would see it. */
static void show(void *context, const struct profile *profile) {
    const struct cli *cli = context;
    if (cli->json) {
        struct buffer out = BUFFER_EMPTY;
        struct json_writer w = json_writer_start(&out);
        /* As the API shows the user's own profile. */
        serialize_own_profile(&w, profile);
        buffer_append_char(&out, '\n');
        cli_output(&out);
        return;
    }
    show_text("User name:", profile->username);
    show_text("Display name:", profile_name(profile));
    show_text("Picture:", profile->avatar_url.len > 0 ? profile->avatar_url : text_of("-"));
    show_text("Language:", profile->locale.len > 0 ? profile->locale : text_of("-"));
    show_text("Bot:", text_of(profile->is_bot ? "yes" : "no"));
}

/* Marks a field as given, and checks its value unless it is empty. */
static enum cli_status give(struct profile *profile, enum profile_field field, const char *option,
                            struct text text, const char *problem) {
    /* Given and empty removes the value. */
    profile->given |= field;
    if (!text_is_valid(text.at, text.len))
        return cli_error("the value of %s is not valid UTF-8", option);
    return problem && text.len > 0 ? cli_error("%s: %s", option, problem) : CLI_OK;
}

/* Takes the options that are given into the profile. */
static enum cli_status read_profile(const struct cli *cli, const char *name, const char *avatar,
                                    const char *locale, struct profile *profile) {
    enum cli_status status = CLI_OK;
    if (name) {
        /* Trimmed as in the API. */
        profile->display_name = text_trim(text_of(name));
        status = give(profile, PROFILE_DISPLAY_NAME, "--display-name", profile->display_name,
                      profile_fields_check_name(profile->display_name));
    }
    if (!status && avatar) {
        profile->avatar_url = text_of(avatar);
        status = give(profile, PROFILE_AVATAR_URL, "--avatar", profile->avatar_url,
                      /* avatar_origins applies here as well. */
                      profile_fields_check_avatar(profile->avatar_url, cli->config.avatar_origins));
    }
    if (!status && locale) {
        profile->locale = text_of(locale);
        status = give(profile, PROFILE_LOCALE, "--locale", profile->locale,
                      profile_fields_check_locale(profile->locale));
    }
    return status;
}

enum cli_status command_user_profile(struct cli *cli, struct arguments *arguments) {
    const char *name = NULL, *avatar = NULL, *locale = NULL;
    const struct arguments_option options[] = {{"--display-name", ARGUMENTS_TEXT, &name},
                                               {"--avatar", ARGUMENTS_TEXT, &avatar},
                                               {"--locale", ARGUMENTS_TEXT, &locale}};
    struct profile profile = {0};
    struct user user;
    bool changed = false;
    if (!arguments_read(arguments, options, 3, 1, 1))
        return CLI_USAGE;
    /* All fields are checked before the user is looked up and changed. */
    enum cli_status status = read_profile(cli, name, avatar, locale, &profile);
    if (!status)
        status = cli_change_user(cli, arguments->argv[0], &user);
    /* Without options the profile is only shown. */
    if (!status && profile.given)
        status = set_profile(cli, &user, &profile, &changed);
    if (status)
        return status;
    /* Shown as it is stored now. */
    const enum error error = profile_get(cli->db, user.id, show, cli);
    return error ? cli_store_error(cli, error) : CLI_OK;
}

/* ---- user bot ---- */

enum cli_status command_user_bot(struct cli *cli, struct arguments *arguments) {
    struct profile profile = {.given = PROFILE_IS_BOT};
    struct user user;
    bool changed;
    if (!arguments_read(arguments, NULL, 0, 2, 2) ||
        !cli_read_switch(arguments->argv[1], &profile.is_bot))
        return CLI_USAGE;
    enum cli_status status = cli_change_user(cli, arguments->argv[0], &user);
    if (!status)
        status = set_profile(cli, &user, &profile, &changed);
    if (!status)
        cli_message("User %s is %s.", user.name, profile.is_bot ? "a bot" : "not a bot");
    return status;
}
