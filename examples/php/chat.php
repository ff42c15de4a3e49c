<?php
// chat.php: calls the REST API of confab from the server of a site.
//
// Each user of the site has an account in the chat, created on first use. Its password and the
// end of its name are derived from the site's secret, so that nothing must be stored, and nobody
// else can register the name first; the browser only gets the token. Keep the secret outside the
// site's public folder, and never change it.
//
// With CHAT_CONFABCTL, accounts are created by that command on this host (the arguments are
// separated by blanks: "/usr/bin/confabctl -c /etc/confab/confab.conf"), and the chat needs no
// open registration. Without it they are created by the API.

declare(strict_types=1);

/** Returns the response: [status, body as an array]. Status 0: no response. */
function chat_call(string $method, string $path, array $body, ?string $token = null): array
{
    $head = ['Content-Type: application/json', 'Accept: application/json'];
    if ($token !== null) {
        $head[] = "Authorization: Token $token";
    }
    $context = stream_context_create(['http' => [
        'method' => $method,
        'header' => $head,
        'content' => $method === 'GET' ? '' : json_encode((object) $body),
        'ignore_errors' => true,
        'timeout' => 5,
    ]]);
    $answer = @file_get_contents(getenv('CHAT_URL') . "/api/$path", false, $context);
    if ($answer === false || !preg_match('/^HTTP\S* (\d+)/', $http_response_header[0], $status)) {
        return [0, []];
    }
    return [(int) $status[1], json_decode($answer, true) ?? []];
}

/** Returns the name in the chat of a user of the site, of at most 20 characters. */
function chat_name(string $user): string
{
    return "site-$user-" . substr(hash_hmac('sha256', "name of $user", getenv('CHAT_SECRET')), 0, 6);
}

/** Creates an account in the chat. Returns whether it succeeded. */
function chat_add_user(string $name, string $password): bool
{
    $command = getenv('CHAT_CONFABCTL');
    if ($command === false || $command === '') {
        $body = ['username' => $name, 'password' => $password];
        return chat_call('POST', 'auth/register/', $body)[0] === 201;
    }
    // An array is run without a shell. The password is not an argument: those are public.
    $words = [...explode(' ', $command), 'user', 'add', $name, '--if-missing'];
    $nowhere = ['file', '/dev/null', 'w'];
    $process = proc_open($words, [['pipe', 'r'], $nowhere, $nowhere], $pipes);
    if ($process === false) {
        return false;
    }
    fwrite($pipes[0], "$password\n");
    fclose($pipes[0]);
    return proc_close($process) === 0;
}

/** Returns a token for the site's user; creates the account if necessary. */
function chat_token(string $user): string
{
    $name = chat_name($user);
    $password = hash_hmac('sha256', $user, getenv('CHAT_SECRET'));
    $credentials = ['username' => $name, 'password' => $password];
    [$status, $body] = chat_call('POST', 'auth/token/', $credentials);
    if ($status === 400 && chat_add_user($name, $password)) {
        [$status, $body] = chat_call('POST', 'auth/token/', $credentials);
    }
    if (!isset($body['token'])) {
        throw new RuntimeException("no token from the chat (status $status)");
    }
    return $body['token'];
}

/** Tells whether a token is valid. A changed password or an administrator may revoke it. */
function chat_token_works(string $token): bool
{
    return chat_call('GET', 'auth/me/', [], $token)[0] !== 401;
}

/** Makes the user a member of a public room. */
function chat_join(int $room, string $token): void
{
    chat_call('POST', "chat/rooms/$room/join/", [], $token);
}
