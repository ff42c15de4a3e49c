<?php
/**
 * Keeps the chat's users in step with those of the site.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

/**
 * A change of a user who has used the chat is noted in an option of its own, "confab_pending_7", and
 * sent when the request ends; what could not be sent is sent by WP-Cron a minute later. What is sent
 * is how the user is then: the profile, or that the user is disabled.
 */
class Confab_Users {

	/**
	 * The event of WP-Cron.
	 */
	const RETRY = 'confab_retry';

	/**
	 * Option of users who have had a token.
	 */
	const SEEN = 'confab_seen';

	const PENDING = 'confab_pending_';

	/**
	 * The last failure, shown to administrators; deleted by a success.
	 */
	const PROBLEM = 'confab_problem';

	/**
	 * The most users in one request.
	 */
	const BATCH = 100;

	/**
	 * The sites where a change was noted in this request, as keys.
	 *
	 * @var array
	 */
	private static $noted = array();

	/**
	 * Adds the hooks.
	 */
	public static function register() {
		add_action( 'profile_update', array( __CLASS__, 'on_profile_update' ), 10, 2 );
		add_action( 'after_password_reset', array( __CLASS__, 'on_password_reset' ) );
		foreach ( array( 'wp_logout', 'make_ham_user' ) as $hook ) {
			add_action( $hook, array( __CLASS__, 'on_logout' ) );
		}
		// A new role may be another one in the chat, or none: open chats log in again.
		foreach ( array( 'set_user_role', 'add_user_role', 'remove_user_role' ) as $hook ) {
			add_action( $hook, array( __CLASS__, 'on_role' ) );
		}
		// Before the user is gone, since afterwards it is not known who has used the chat.
		foreach ( array( 'delete_user', 'remove_user_from_blog' ) as $hook ) {
			add_action( $hook, array( __CLASS__, 'on_removal' ) );
		}
		foreach ( array( 'wpmu_delete_user', 'make_spam_user' ) as $hook ) {
			add_action( $hook, array( __CLASS__, 'on_change' ) );
		}
		// For other plugins: do_action( 'confab_user_changed', $user_id ).
		add_action( 'confab_user_changed', array( __CLASS__, 'on_change' ) );
		add_action( self::RETRY, array( __CLASS__, 'send' ) );
	}

	// ---- what is known of a user ----

	/**
	 * Notes that a user uses the chat.
	 *
	 * @param int $user_id The user.
	 */
	public static function remember( $user_id ) {
		if ( ! get_user_option( self::SEEN, $user_id ) ) {
			update_user_option( $user_id, self::SEEN, 1 );
		}
	}

	/**
	 * Whether a user may use the chat: has a role on this site.
	 *
	 * @param WP_User|false $user The user; false: deleted.
	 * @return bool
	 */
	public static function is_active( $user ) {
		$is_active = $user && $user->exists() && user_can( $user, 'read' )
			&& ! ( is_multisite() && is_user_spammy( $user ) );
		/**
		 * Filters whether a user may use the chat. After a change, call
		 * do_action( 'confab_user_changed', $user_id ).
		 *
		 * @param bool          $is_active Whether the user may.
		 * @param WP_User|false $user      The user; false if it was deleted.
		 */
		return (bool) apply_filters( 'confab_user_is_active', $is_active, $user );
	}

	/**
	 * The profile of a user, as the server's API takes it.
	 *
	 * @param WP_User $user The user.
	 * @return array
	 */
	public static function profile( $user ) {
		$name   = mb_substr( trim( wp_specialchars_decode( $user->display_name, ENT_QUOTES ) ), 0, 64 );
		$avatar = get_avatar_url(
			$user->ID,
			array(
				'size'   => 96,
				'scheme' => 'https',
			)
		);
		// What older versions of WordPress use on sites without TLS.
		$avatar = preg_replace( '#^https://[0-2]\.gravatar\.com/#', 'https://secure.gravatar.com/', (string) $avatar );
		// Such as "de_DE_formal": the variants are those of WordPress.
		$locale = implode( '-', array_slice( explode( '_', get_user_locale( $user ) ), 0, 2 ) );
		return array(
			'display_name' => '' === $name ? $user->user_nicename : $name,
			'avatar_url'   => 0 === strpos( $avatar, 'https://' ) && strlen( $avatar ) <= 512 ? $avatar : null,
			'locale'       => '' === $locale ? null : $locale,
		);
	}

	// ---- hooks ----

	/**
	 * After a change of a profile. WordPress ends the sessions of a user whose password has changed.
	 *
	 * @param int     $user_id The user.
	 * @param WP_User $before  The user before.
	 */
	public static function on_profile_update( $user_id, $before ) {
		$user = get_userdata( $user_id );
		self::note_everywhere( $user_id, $user && $user->user_pass !== $before->user_pass );
	}

	/**
	 * After the user has logged out.
	 *
	 * @param int $user_id The user.
	 */
	public static function on_logout( $user_id ) {
		self::note_everywhere( (int) $user_id, true );
	}

	/**
	 * After the user has got another role, on this site.
	 *
	 * @param int $user_id The user.
	 */
	public static function on_role( $user_id ) {
		self::note( (int) $user_id, true );
	}

	/**
	 * When the user leaves this site.
	 *
	 * @param int $user_id The user.
	 */
	public static function on_removal( $user_id ) {
		self::note( (int) $user_id, false );
	}

	/**
	 * After the user has set a new password.
	 *
	 * @param WP_User $user The user.
	 */
	public static function on_password_reset( $user ) {
		self::note_everywhere( $user->ID, true );
	}

	/**
	 * Whenever something of a user may have changed.
	 *
	 * @param int $user_id The user.
	 */
	public static function on_change( $user_id ) {
		self::note_everywhere( (int) $user_id, false );
	}

	/**
	 * Notes a change for this site and, on a network, for each other one of the user.
	 *
	 * @param int  $user_id The user.
	 * @param bool $logout  Whether the sessions of the chat end too.
	 */
	private static function note_everywhere( $user_id, $logout ) {
		self::note( $user_id, $logout );
		// With spam and archived ones: their users may still be in a chat.
		foreach ( is_multisite() ? get_blogs_of_user( $user_id, true ) : array() as $site ) {
			if ( get_current_blog_id() !== (int) $site->userblog_id ) {
				switch_to_blog( $site->userblog_id );
				self::note( $user_id, $logout );
				restore_current_blog();
			}
		}
	}

	/**
	 * Notes a change of a user, to be sent when the request ends.
	 *
	 * @param int  $user_id The user.
	 * @param bool $logout  Whether the sessions of the chat end too.
	 */
	private static function note( $user_id, $logout ) {
		if ( '' === Confab_Options::get( 'key' ) || ! get_user_option( self::SEEN, $user_id ) ) {
			return;
		}
		$name   = self::PENDING . $user_id;
		$logout = $logout || 0 === strpos( (string) get_option( $name, '' ), 'logout' );
		// Its own value for each change: one that comes while it is sent is sent again.
		update_option( $name, ( $logout ? 'logout ' : 'profile ' ) . wp_generate_uuid4(), false );
		// In case this request does not come to its end.
		self::schedule();
		self::$noted[ get_current_blog_id() ] = true;
		if ( ! has_action( 'shutdown', array( __CLASS__, 'send_noted' ) ) ) {
			add_action( 'shutdown', array( __CLASS__, 'send_noted' ) );
		}
	}

	// ---- sending ----

	/**
	 * Sends what was noted in this request, which on a network may be for other sites than its own.
	 */
	public static function send_noted() {
		foreach ( array_keys( self::$noted ) as $site ) {
			if ( get_current_blog_id() === $site ) {
				self::send();
			} else {
				switch_to_blog( $site );
				self::send();
				restore_current_blog();
			}
		}
	}

	/**
	 * Sends all changes; those that fail are tried again.
	 */
	public static function send() {
		$pending = '' === Confab_Options::get( 'key' ) ? array() : self::pending();
		if ( array() === $pending ) {
			return;
		}
		try {
			self::send_users( $pending );
			delete_option( self::PROBLEM );
		} catch ( Throwable $error ) {
			update_option( self::PROBLEM, $error->getMessage(), false );
		}
		if ( array() === self::pending() ) {
			wp_clear_scheduled_hook( self::RETRY );
		} else {
			self::schedule();
		}
	}

	/**
	 * Lets WP-Cron send in a minute.
	 */
	private static function schedule() {
		if ( ! wp_next_scheduled( self::RETRY ) ) {
			wp_schedule_single_event( time() + MINUTE_IN_SECONDS, self::RETRY );
		}
	}

	/**
	 * The noted changes: their values by the id of the user.
	 *
	 * @return array
	 */
	private static function pending() {
		global $wpdb;
		$like = $wpdb->esc_like( self::PENDING ) . '%';
		$rows = $wpdb->get_results( // phpcs:ignore WordPress.DB.DirectDatabaseQuery -- Never cached.
			$wpdb->prepare( "SELECT option_name, option_value FROM $wpdb->options WHERE option_name LIKE %s LIMIT %d", $like, self::BATCH )
		);
		$pending = array();
		foreach ( $rows as $row ) {
			$pending[ (int) substr( $row->option_name, strlen( self::PENDING ) ) ] = $row->option_value;
		}
		return $pending;
	}

	/**
	 * Sends these changes, and forgets those that succeeded.
	 *
	 * @param array $pending Their values by the id of the user.
	 * @throws ConfabError If the chat cannot be reached, or refuses something.
	 */
	private static function send_users( $pending ) {
		$chat    = Confab_Options::chat();
		$ids     = array_keys( $pending );
		$users   = array_map( array( __CLASS__, 'as_item' ), $ids );
		$refused = null;
		foreach ( $chat->setUsers( $users ) as $index => $result ) {
			$id = $ids[ $index ];
			if ( 400 === $result['status'] ) {
				// Such as a picture from where the chat takes none: the rest counts.
				$item   = array_diff_key( $users[ $index ], $result['errors'] );
				$result = $chat->setUsers( array( $item ) )[0];
			}
			if ( 400 === $result['status'] ) {
				$refused = wp_json_encode( $result['errors'] );
				continue;
			}
			if ( 0 === strpos( $pending[ $id ], 'logout' ) && $result['user']['is_active'] ) {
				$chat->logoutUser( $result['user']['user_id'] );
			}
			self::forget( $id, $pending[ $id ] );
		}
		if ( null !== $refused ) {
			throw new ConfabError( "the chat refused a user: $refused" );
		}
	}

	/**
	 * A user as the server's API takes it.
	 *
	 * @param int $user_id The user, who may have been deleted.
	 * @return array
	 */
	private static function as_item( $user_id ) {
		$user = get_userdata( $user_id );
		$item = array(
			'external_id' => (string) $user_id,
			'is_active'   => self::is_active( $user ),
		);
		return $item['is_active'] ? $item + self::profile( $user ) : $item;
	}

	/**
	 * Deletes the note of a change, unless there is a newer one.
	 *
	 * @param int    $user_id The user.
	 * @param string $value   What was noted.
	 */
	private static function forget( $user_id, $value ) {
		global $wpdb;
		$name = self::PENDING . $user_id;
		$wpdb->delete( // phpcs:ignore WordPress.DB.DirectDatabaseQuery -- Only if it is still the same.
			$wpdb->options,
			array(
				'option_name'  => $name,
				'option_value' => $value,
			)
		);
		wp_cache_delete( $name, 'options' );
	}
}
