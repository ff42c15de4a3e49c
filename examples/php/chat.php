<?php
// chat.php: calls the REST API of confab from the server of a site.
//
// Each user of the site has an account in the chat, created on first use. Its password is
// derived from the site's secret, so that nothing must be stored; the browser only gets the
// token. Keep the secret outside the site's public folder, and never change it.

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

/** Returns a token for the site's user; creates the account if necessary. */
function chat_token(string $username): string
{
    $password = hash_hmac('sha256', $username, getenv('CHAT_SECRET'));
    $credentials = ['username' => $username, 'password' => $password];
    [$status, $body] = chat_call('POST', 'auth/token/', $credentials);
    if ($status === 400) {
        [$status, $body] = chat_call('POST', 'auth/register/', $credentials);
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
