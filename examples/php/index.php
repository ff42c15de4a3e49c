<?php
// index.php: a page with its own users, and a chat for them.
//
// To keep the example small, the login accepts any name: replace it with your site's login.
// The relevant parts are the lines from chat_token() on, and the element at the end.

declare(strict_types=1);

require __DIR__ . '/chat.php';

session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax']);

if (isset($_POST['name']) && preg_match('/^[A-Za-z0-9]{2,20}$/D', $_POST['name'])) {
    session_regenerate_id(true);
    $_SESSION = ['name' => $_POST['name']];
}

$room = (int) getenv('CHAT_ROOM');
$name = $_SESSION['name'] ?? null;
$error_text = null;
// One token per session of the site, not per page.
if (isset($_SESSION['chat_token']) && !chat_token_works($_SESSION['chat_token'])) {
    unset($_SESSION['chat_token']);
}
if ($name !== null && !isset($_SESSION['chat_token'])) {
    try {
        $_SESSION['chat_token'] = chat_token($name);
        chat_join($room, $_SESSION['chat_token']);
    } catch (RuntimeException $error) {
        error_log($error->getMessage());
        $error_text = 'The chat is unavailable. Please try again in a minute.';
    }
}

$e = fn ($text) => htmlspecialchars((string) $text, ENT_QUOTES);
?>
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A site in PHP</title>
<link rel="stylesheet" href="site.css">
<script type="module" src="<?= $e(getenv('CHAT_URL')) ?>/confab-chat.js"></script>
</head>
<body>
<main>
<h1>A site in PHP</h1>
<?php if ($name === null) : ?>
<form method="post">
<label>Your name: <input name="name" required pattern="[A-Za-z0-9]{2,20}"></label>
<button>Log in</button>
</form>
<?php elseif ($error_text !== null) : ?>
<p role="alert"><?= $e($error_text) ?></p>
<?php else : ?>
<p>Hello, <?= $e($name) ?>. You are logged in to the site and to the chat.</p>
<confab-chat room="<?= $room ?>" token="<?= $e($_SESSION['chat_token']) ?>"></confab-chat>
<?php endif ?>
</main>
</body>
</html>
