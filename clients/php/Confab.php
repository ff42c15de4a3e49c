<?php
/**
 * Confab.php: what a site in PHP needs to use confab for its own users. One file, PHP 7.4 or newer,
 * without further packages (the curl extension is used where it is loaded).
 *
 *     require 'Confab.php';
 *     $chat = new Confab('https://chat.example.org', ['secret' => getenv('CHAT_SECRET')]);
 *     echo $chat->token('7', ['name' => 'Ann Lee', 'rooms' => [['key' => 'course-17']]]);
 *
 * token() signs a login of one of your users (JWT, RFC 7519) with a key of the file `jwt_keys`. The
 * other methods call the server's API (docs/server-api.md) with an API key; verifyHook() checks a
 * delivery of a hook (docs/hooks.md). Methods that call the API return the decoded answer and throw
 * a ConfabError if the answer is an error or does not come.
 */

declare(strict_types=1);

class ConfabError extends RuntimeException
{
    /** @var int HTTP status; 0: no answer */
    public $status;

    /** @var string the code of docs/errors.md; "": none */
    public $errorCode;

    /** @var array the whole answer */
    public $body;

    public function __construct(string $message, int $status = 0, array $body = [])
    {
        parent::__construct($message, $status);
        $this->status = $status;
        $this->errorCode = isset($body['code']) ? (string) $body['code'] : '';
        $this->body = $body;
    }
}

class Confab
{
    /** @var string */
    private $url;

    /** @var array */
    private $options;

    /** Seconds that a signed token is good for. */
    private const LIFE = 300;

    /** Seconds by which the clock of a hook's delivery may differ. */
    private const SKEW = 300;

    /**
     * $url is the address of the chat. Options:
     *   secret    the secret of an HS256 line of jwt_keys, for token()
     *   kid       the name of that line; needed only if there are several
     *   issuer, audience  jwt_issuer and jwt_audience, if those are set
     *   key       an API key ("ck_..."), for everything else
     *   timeout   most seconds that an answer may take (10)
     */
    public function __construct(string $url, array $options = [])
    {
        $this->url = rtrim($url, '/');
        $this->options = $options;
    }

    // ---- logins ----

    /**
     * A signed token for the user with this id on your site. $claims: name, picture, locale, email,
     * preferred_username, rooms, rooms_only ... (docs/site-tokens.md).
     */
    public function token(string $sub, array $claims = []): string
    {
        $now = time();
        $claims += ['iat' => $now, 'exp' => $now + self::LIFE, 'jti' => bin2hex(random_bytes(16))];
        foreach (['iss' => 'issuer', 'aud' => 'audience'] as $claim => $option) {
            if (isset($this->options[$option])) {
                $claims += [$claim => $this->options[$option]];
            }
        }
        $secret = $this->options['secret'] ?? '';
        if (strlen($secret) < 32) {
            throw new InvalidArgumentException('secret: at least 32 bytes are needed');
        }
        $header = ['alg' => 'HS256', 'typ' => 'JWT'];
        if (isset($this->options['kid'])) {
            $header['kid'] = $this->options['kid'];
        }
        $signed = self::base64url(self::json($header)) . '.'
            . self::base64url(self::json(['sub' => $sub] + $claims));
        return $signed . '.' . self::base64url(hash_hmac('sha256', $signed, $secret, true));
    }

    private static function base64url(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    private static function json($value): string
    {
        return json_encode(
            $value,
            JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE
                | JSON_PRESERVE_ZERO_FRACTION
        );
    }

    // ---- users ----

    /**
     * Makes or changes up to 100 users: [['external_id' => '7', 'display_name' => 'Ann'], ...].
     * Returns a result for each: ['status' => 201, 200 or 400, 'user' => ... or 'errors' => ...].
     */
    public function setUsers(array $users): array
    {
        return $this->call('PUT', '/api/site/users/', ['users' => array_values($users)])['results'];
    }

    /** The user with this id on your site; null if the chat does not know it. */
    public function user(string $externalId): ?array
    {
        $found = $this->call('GET', '/api/site/users/?external_id=' . rawurlencode($externalId));
        return $found['results'][0] ?? null;
    }

    /** Changes a user by its id in the chat. */
    public function updateUser(int $userId, array $fields): array
    {
        return $this->call('PATCH', "/api/site/users/$userId/", (object) $fields);
    }

    /** Disables a user and ends all of its sessions. */
    public function disableUser(int $userId): void
    {
        $this->call('DELETE', "/api/site/users/$userId/");
    }

    /** An ordinary token of a user: ['token' => ..., 'expires_at' => ...]. */
    public function userToken(int $userId): array
    {
        return $this->call('POST', "/api/site/users/$userId/token/", (object) []);
    }

    /** Ends all sessions and tokens of a user. */
    public function logoutUser(int $userId): void
    {
        $this->call('POST', "/api/site/users/$userId/logout/", (object) []);
    }

    // ---- rooms and messages ----

    /** Makes or renames rooms: [['key' => 'course-17', 'name' => 'Algebra'], ...]; see setUsers. */
    public function setRooms(array $rooms): array
    {
        return $this->call('PUT', '/api/site/rooms/', ['rooms' => array_values($rooms)])['results'];
    }

    /** Gives a room exactly these members: [['external_id' => '7', 'is_admin' => true], ...]. */
    public function setMembers(int $roomId, array $members): array
    {
        $body = ['set' => array_values($members)];
        return $this->call('PUT', "/api/site/rooms/$roomId/members/", $body);
    }

    /** Adds and removes members; the others stay. */
    public function changeMembers(int $roomId, array $add, array $remove = []): array
    {
        $body = ['add' => array_values($add), 'remove' => array_values($remove)];
        return $this->call('PUT', "/api/site/rooms/$roomId/members/", $body);
    }

    /**
     * Posts a message of the site, or of the bot $fields['user']. With $fields['client_id'] a
     * repeated call posts nothing twice.
     */
    public function post(int $roomId, string $content, array $fields = []): array
    {
        $body = ['content' => $content] + $fields;
        return $this->call('POST', "/api/site/rooms/$roomId/messages/", $body);
    }

    /** Up to 50 requests in one: [['method' => 'GET', 'path' => '/api/...', 'user' => ...], ...]. */
    public function batch(array $requests): array
    {
        return $this->call('POST', '/api/site/batch/', ['requests' => array_values($requests)]);
    }

    // ---- hooks and events ----

    /** The hooks, at most 200. */
    public function hooks(): array
    {
        return $this->call('GET', '/api/site/hooks/?limit=200')['results'];
    }

    /** One hook. */
    public function hook(int $hookId): array
    {
        return $this->call('GET', "/api/site/hooks/$hookId/");
    }

    /** Adds a hook; the answer contains its secret, this once. */
    public function addHook(array $fields): array
    {
        return $this->call('POST', '/api/site/hooks/', (object) $fields);
    }

    public function updateHook(int $hookId, array $fields): array
    {
        return $this->call('PATCH', "/api/site/hooks/$hookId/", (object) $fields);
    }

    public function deleteHook(int $hookId): void
    {
        $this->call('DELETE', "/api/site/hooks/$hookId/");
    }

    /** Sends a delivery to try a hook. */
    public function testHook(int $hookId): array
    {
        return $this->call('POST', "/api/site/hooks/$hookId/test/", (object) []);
    }

    /** Events that this follower has not acknowledged: ['results' => [...], 'more' => bool]. */
    public function changes(string $follower, int $limit = 100, bool $fromOldest = false): array
    {
        $query = ['follower' => $follower, 'limit' => $limit];
        if ($fromOldest) {
            $query['from'] = 'oldest';
        }
        return $this->call('GET', '/api/site/changes/?' . http_build_query($query));
    }

    /** Acknowledges what changes() returned, after it has been handled. */
    public function acknowledge(string $follower, array $changes): void
    {
        $acks = [];
        foreach ($changes['results'] as $room) {
            $acks[] = ['room_id' => $room['room_id'], 'seq' => $room['last_seq']];
        }
        $body = ['follower' => $follower, 'acks' => $acks];
        if ($acks !== []) {
            $this->call('POST', '/api/site/changes/ack/', $body);
        }
    }

    /**
     * Checks a delivery of a hook and returns it decoded. $body is the raw body
     * (file_get_contents('php://input')), $headers those of the request, by name in lower case;
     * null: those of the present request. Throws a ConfabError if it is not from the chat, or old.
     */
    public static function verifyHook(string $secret, string $body, ?array $headers = null): array
    {
        $given = [];
        foreach (['webhook-id', 'webhook-timestamp', 'webhook-signature'] as $name) {
            $variable = 'HTTP_' . strtoupper(strtr($name, '-', '_'));
            $given[] = (string) ($headers === null ? ($_SERVER[$variable] ?? '')
                                                   : ($headers[$name] ?? ''));
        }
        [$id, $timestamp, $signatures] = $given;
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
        if ($key === false || $key === '') {
            throw new InvalidArgumentException('secret: not of the form whsec_...');
        }
        if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > self::SKEW) {
            throw new ConfabError('the delivery is too old, or a clock is wrong');
        }
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
        // Two signatures while a secret is being replaced.
        foreach (explode(' ', $signatures) as $signature) {
            if (hash_equals($expected, $signature)) {
                return json_decode($body, true, 512, JSON_THROW_ON_ERROR);
            }
        }
        throw new ConfabError('the signature of the delivery is wrong');
    }

    // ---- calls ----

    /**
     * Any call of the API. $actAs: an id in the chat, or "ext:" and an id of your site; it needs a
     * key with the scope `act`. Returns the decoded answer, [] if it has no body.
     */
    public function call(string $method, string $path, $body = null, ?string $actAs = null): array
    {
        $headers = ['Accept: application/json'];
        if (isset($this->options['key'])) {
            // Some hosts remove Authorization.
            $headers[] = 'X-Confab-Token: ' . $this->options['key'];
        }
        if ($actAs !== null) {
            $headers[] = "X-Confab-User: $actAs";
        }
        $content = '';
        if ($body !== null) {
            $headers[] = 'Content-Type: application/json';
            $content = self::json($body);
        }
        $timeout = (float) ($this->options['timeout'] ?? 10);
        [$status, $text] = function_exists('curl_init')
            ? self::byCurl($this->url . $path, $method, $headers, $content, $timeout)
            : self::byStream($this->url . $path, $method, $headers, $content, $timeout);
        if ($status === 0) {
            throw new ConfabError("no answer from the chat ($method $path)");
        }
        $answer = $text === '' ? [] : json_decode($text, true);
        if (!is_array($answer)) {
            throw new ConfabError("not an answer of confab ($method $path)", $status);
        }
        if ($status >= 300) {
            $detail = $answer['detail'] ?? self::json($answer);
            $message = "the chat answered $status: $detail ($method $path)";
            throw new ConfabError($message, $status, $answer);
        }
        return $answer;
    }

    private static function byCurl(
        string $url,
        string $method,
        array $headers,
        string $content,
        float $timeout
    ): array {
        $handle = curl_init($url);
        curl_setopt_array($handle, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT_MS => (int) ($timeout * 1000),
        ]);
        if ($content !== '') {
            curl_setopt($handle, CURLOPT_POSTFIELDS, $content);
        }
        $text = curl_exec($handle);
        $status = $text === false ? 0 : (int) curl_getinfo($handle, CURLINFO_RESPONSE_CODE);
        return [$status, (string) $text];
    }

    private static function byStream(
        string $url,
        string $method,
        array $headers,
        string $content,
        float $timeout
    ): array {
        $context = stream_context_create(['http' => [
            'method' => $method,
            'header' => $headers,
            'content' => $content,
            'ignore_errors' => true,
            'follow_location' => 0,
            'timeout' => $timeout,
        ]]);
        $text = @file_get_contents($url, false, $context);
        if ($text === false || !preg_match('/^HTTP\S* (\d+)/', $http_response_header[0], $found)) {
            return [0, ''];
        }
        return [(int) $found[1], $text];
    }
}
