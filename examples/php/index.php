<?php
// index.php: a page with its own users, and a chat for them.
//
// To keep the example small, the login accepts any name: replace it with your site's login. What
// the chat needs is chat-token.php, the script and the element.

declare(strict_types=1);

session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax']);

if (isset($_POST['name']) && preg_match('/^[A-Za-z0-9]{2,20}$/D', $_POST['name'])) {
    session_regenerate_id(true);
    $_SESSION = ['name' => $_POST['name']];
}

$name = $_SESSION['name'] ?? null;
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
<?php else : ?>
<p>Hello, <?= $e($name) ?>. You are logged in to the site and to the chat.</p>
<confab-chat room-key="lobby" token-url="chat-token.php"></confab-chat>
<?php endif ?>
</main>
</body>
</html>
