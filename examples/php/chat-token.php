<?php
// chat-token.php: a signed token for the user who is logged in to this site. The chat element
// fetches it with the cookie of this site, as often as it needs one.

declare(strict_types=1);

require __DIR__ . '/../../clients/php/Confab.php';

session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax']);
if (!isset($_SESSION['name'])) {
    http_response_code(403);
    exit;
}
$chat = new Confab(getenv('CHAT_URL'), ['secret' => getenv('CHAT_SECRET')]);
header('Content-Type: text/plain');
header('Cache-Control: no-store');
echo $chat->token($_SESSION['name'], [
    'name' => $_SESSION['name'],
    'preferred_username' => $_SESSION['name'],
    'rooms' => [['key' => 'lobby', 'name' => 'Lobby', 'private' => false]],
]);
