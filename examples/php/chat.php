<?php
// chat.php: how a site speaks to confab from the server's side, by its REST API.
//
// The site's users get an account of the chat each, made when it is first needed. Its password
// follows from the site's secret, so that nothing has to be stored; the browser sees only the
// token. Keep the secret out of the site's public folder, and never change it.

declare(strict_types=1);

/** The chat's answer: [status, body as an array]. Status 0: there was none. */
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

/** A token for the site's user: of the account that is there, or of a new one. */
function chat_token(string $username): string
{
    $password = hash_hmac('sha256', $username, getenv('CHAT_SECRET'));
    $credentials = ['username' => $username, 'password' => $password];
    [$status, $body] = chat_call('POST', 'auth/token/', $credentials);
    if ($status === 400) {
        [$status, $body] = chat_call('POST', 'auth/register/', $credentials);
    }
    if (!isset($body['token'])) {
        throw new RuntimeException("the chat gave no token (status $status)");
    }
    return $body['token'];
}

/** Whether a token still opens the door: a changed password or an administrator may end it. */
function chat_token_works(string $token): bool
{
    return chat_call('GET', 'auth/me/', [], $token)[0] !== 401;
}

/** Puts the user into a public room; who is in it already stays in it. */
function chat_join(int $room, string $token): void
{
    chat_call('POST', "chat/rooms/$room/join/", [], $token);
}
