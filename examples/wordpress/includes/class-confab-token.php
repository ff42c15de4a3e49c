<?php
/**
 * The address from which the element gets signed tokens.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

/**
 * GET admin-ajax.php?action=confab_token&room=... answers {"jwt": "..."} for the user who is logged
 * in, 401 without a login, 403 for a room that this user may not enter.
 *
 * No nonce: the answer changes nothing, pages of other sites cannot read it, and a page that has
 * been open for longer than a nonce lives needs tokens too.
 */
class Confab_Token {

	/**
	 * Adds the address.
	 */
	public static function register() {
		add_action( 'wp_ajax_confab_token', array( __CLASS__, 'answer' ) );
		add_action( 'wp_ajax_nopriv_confab_token', array( __CLASS__, 'refuse' ) );
	}

	/**
	 * Answers a visitor who is not logged in.
	 */
	public static function refuse() {
		wp_send_json( array( 'detail' => __( 'You are not logged in.', 'confab' ) ), 401 );
	}

	/**
	 * Answers to a user.
	 */
	public static function answer() {
		$room = Confab_Rooms::from_token_url( self::query( 'room' ), self::query( 'name' ), self::query( 'sign' ) );
		if ( null === $room || ! Confab_Options::are_complete() || ! Confab_Rooms::may_enter( $room ) ) {
			wp_send_json( array( 'detail' => __( 'You cannot enter this chat.', 'confab' ) ), 403 );
		}
		header( 'Cache-Control: no-store' );
		wp_send_json( array( 'jwt' => self::make( wp_get_current_user(), $room ) ) );
	}

	/**
	 * A parameter of the address.
	 *
	 * @param string $name Its name.
	 * @return string
	 */
	private static function query( $name ) {
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- See above.
		$value = isset( $_GET[ $name ] ) ? wp_unslash( $_GET[ $name ] ) : ''; // phpcs:ignore WordPress.Security.ValidatedSanitizedInput.InputNotSanitized -- Compared with a signature.
		return is_string( $value ) ? $value : '';
	}

	/**
	 * A signed token for a user; without a room it only logs in.
	 *
	 * @param WP_User    $user The user.
	 * @param array|null $room The room to be in.
	 * @return string
	 */
	public static function make( $user, $room = null ) {
		$profile = Confab_Users::profile( $user );
		$claims  = array(
			'preferred_username' => $user->user_nicename,
			'name'               => $profile['display_name'],
			'picture'            => (string) $profile['avatar_url'],
			'locale'             => (string) $profile['locale'],
		);
		if ( null !== $room ) {
			$claims['rooms'] = array(
				array(
					'key'     => $room['key'],
					'name'    => $room['name'],
					'role'    => self::is_admin( $user, $room ) ? 'admin' : 'member',
					'private' => true,
				),
			);
		}
		/**
		 * Filters the claims of a token; docs/site-tokens.md of confab describes them.
		 *
		 * @param array      $claims The claims.
		 * @param WP_User    $user   The user.
		 * @param array|null $room   `key`, `name` and `post` of the room.
		 */
		$claims = apply_filters( 'confab_claims', $claims, $user, $room );
		Confab_Users::remember( $user->ID );
		return Confab_Options::chat()->token( (string) $user->ID, $claims );
	}

	/**
	 * Whether a user is an admin of a room: users who may moderate comments, such as editors, are.
	 *
	 * @param WP_User $user The user.
	 * @param array   $room The room.
	 * @return bool
	 */
	private static function is_admin( $user, $room ) {
		/**
		 * Filters whether a user is an admin of a room.
		 *
		 * @param bool    $is_admin Whether the user is.
		 * @param WP_User $user     The user.
		 * @param array   $room     `key`, `name` and `post` of the room.
		 */
		return (bool) apply_filters( 'confab_is_admin', user_can( $user, 'moderate_comments' ), $user, $room );
	}
}
