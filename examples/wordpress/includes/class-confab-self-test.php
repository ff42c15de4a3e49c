<?php
/**
 * Checks whether the chat works with the settings.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

/**
 * Each check is an array of `state` ("ok", "warning" or "failed"), `title` and `text`.
 */
class Confab_Self_Test {

	/**
	 * Runs the checks as the present user, until one fails without which the others mean nothing.
	 *
	 * @return array[]
	 */
	public static function run() {
		$checks = array( self::address() );
		if ( 'failed' === $checks[0]['state'] ) {
			return $checks;
		}
		$checks[] = self::origin();
		return array_merge( $checks, self::login(), array( self::key() ) );
	}

	/**
	 * A check.
	 *
	 * @param string $state "ok", "warning" or "failed".
	 * @param string $title What was checked.
	 * @param string $text  What was found, and what to do.
	 * @return array
	 */
	private static function check( $state, $title, $text ) {
		return array(
			'state' => $state,
			'title' => $title,
			'text'  => $text,
		);
	}

	/**
	 * Whether there is a chat at the address.
	 */
	private static function address() {
		$title = __( 'Address', 'confab' );
		$url   = Confab_Options::get( 'url' );
		if ( '' === $url ) {
			return self::check( 'failed', $title, __( 'Enter the address of the chat.', 'confab' ) );
		}
		if ( is_ssl() && 0 !== strpos( $url, 'https://' ) ) {
			return self::check( 'failed', $title, __( 'Pages of this site are encrypted, so browsers load nothing from an address with http://. The chat needs https:// too.', 'confab' ) );
		}
		try {
			$answer = Confab_Options::chat()->call( 'GET', '/api/' );
		} catch ( Exception $error ) {
			return self::check( 'failed', $title, $error->getMessage() );
		}
		$version = isset( $answer['version'] ) ? $answer['version'] : '?';
		/* translators: %s: a version. */
		return self::check( 'ok', $title, sprintf( __( 'The chat answers; its version is %s.', 'confab' ), $version ) );
	}

	/**
	 * Whether the chat allows pages of this site.
	 */
	private static function origin() {
		$title = __( 'Pages of this site', 'confab' );
		$own   = self::origin_of( home_url() );
		if ( self::origin_of( Confab_Options::get( 'url' ) ) === $own ) {
			return self::check( 'ok', $title, __( 'Site and chat have the same origin.', 'confab' ) );
		}
		$answer  = wp_remote_get( Confab_Options::get( 'url' ) . '/api/', array( 'headers' => array( 'Origin' => $own ) ) );
		$allowed = wp_remote_retrieve_header( $answer, 'access-control-allow-origin' );
		if ( $own === $allowed || '*' === $allowed ) {
			return self::check( 'ok', $title, __( 'The chat allows pages of this site.', 'confab' ) );
		}
		/* translators: %s: a line of a configuration file. */
		return self::check( 'failed', $title, sprintf( __( 'The chat does not allow pages of this site. Its configuration needs: %s', 'confab' ), "allowed_origins = $own" ) );
	}

	/**
	 * Scheme, host and port of an address.
	 *
	 * @param string $url An address.
	 * @return string
	 */
	private static function origin_of( $url ) {
		$parts = wp_parse_url( $url ) + array(
			'scheme' => '',
			'host'   => '',
		);
		return strtolower( $parts['scheme'] . '://' . $parts['host'] ) . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
	}

	/**
	 * Whether the chat accepts a token, and the picture in it.
	 *
	 * @return array[]
	 */
	private static function login() {
		$title = __( 'Secret', 'confab' );
		$user  = wp_get_current_user();
		try {
			$body   = array( 'jwt' => Confab_Token::make( $user ) );
			$answer = Confab_Options::chat()->call( 'POST', '/api/auth/jwt/', $body );
			// The token was only for this check.
			$logged_in = new Confab( Confab_Options::get( 'url' ), array( 'key' => $answer['token'] ) );
			$logged_in->call( 'DELETE', '/api/auth/token/' );
		} catch ( InvalidArgumentException $error ) {
			return array( self::check( 'failed', $title, __( 'Enter the secret of the chat; it has at least 32 characters.', 'confab' ) ) );
		} catch ( ConfabError $error ) {
			$words = isset( $error->body['jwt'] ) ? implode( ' ', $error->body['jwt'] ) : $error->getMessage();
			return array( self::check( 'failed', $title, $words ) );
		}
		/* translators: %s: a user name. */
		$checks  = array( self::check( 'ok', $title, sprintf( __( 'The chat accepts logins of this site; you are %s there.', 'confab' ), $answer['user']['username'] ) ) );
		$profile = Confab_Users::profile( $user );
		if ( null !== $profile['avatar_url'] && $answer['user']['avatar_url'] !== $profile['avatar_url'] ) {
			/* translators: %s: a line of a configuration file. */
			$checks[] = self::check( 'warning', __( 'Pictures', 'confab' ), sprintf( __( 'The chat takes no pictures from this site. Its configuration needs: %s', 'confab' ), 'avatar_origins = ' . self::origin_of( $profile['avatar_url'] ) ) );
		}
		return $checks;
	}

	/**
	 * Whether the API key opens what is needed.
	 */
	private static function key() {
		$title = __( 'API key', 'confab' );
		if ( '' === Confab_Options::get( 'key' ) ) {
			return self::check( 'warning', $title, __( 'Without a key, users whom you delete, or whose role you take away, stay in the chat until their login there ends.', 'confab' ) );
		}
		try {
			Confab_Options::chat()->user( (string) get_current_user_id() );
		} catch ( ConfabError $error ) {
			return self::check( 'failed', $title, $error->getMessage() );
		}
		return self::check( 'ok', $title, __( 'Changes of users reach the chat.', 'confab' ) );
	}
}
