<?php
/**
 * The chat in posts: shortcode, block, and which rooms there are.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

/**
 * A room is that of a post ("post-17"), or one with a name of its own ("room-lobby"). Its reference
 * is an array of `key`, `name` (its title) and `post` (the id of the post, or 0).
 *
 * Rooms come into being with the first token for them. So that they only do where an author has put
 * a chat, the address of the token is signed.
 */
class Confab_Rooms {

	/**
	 * Adds the shortcode and the block.
	 */
	public static function register() {
		add_shortcode( 'confab', array( __CLASS__, 'render' ) );
		add_action( 'init', array( __CLASS__, 'register_block' ) );
		add_filter( 'script_loader_tag', array( __CLASS__, 'as_module' ), 10, 2 );
	}

	/**
	 * The block is the shortcode with the same attributes.
	 */
	public static function register_block() {
		register_block_type(
			dirname( CONFAB_PLUGIN_FILE ) . '/block',
			array(
				'render_callback' => static function ( $attributes ) {
					// A switch that is off is not set.
					return Confab_Rooms::render( array_filter( $attributes ) );
				},
			)
		);
		wp_set_script_translations( 'confab-chat-editor-script', 'confab' );
	}

	/**
	 * The chat as HTML. Attributes: `room` and `name`, for a room that is not that of the post;
	 * `mode="bubble"`, `readonly`, `height` (of CSS).
	 *
	 * @param array|string $attributes What the author has given; "" for nothing.
	 * @return string
	 */
	public static function render( $attributes ) {
		$given    = (array) $attributes;
		$readonly = ! empty( $given['readonly'] ) || in_array( 'readonly', $given, true );
		$given    = shortcode_atts(
			array(
				'room'   => '',
				'name'   => '',
				'mode'   => '',
				'height' => '',
			),
			$given,
			'confab'
		);
		if ( is_feed() ) {
			return '';
		}
		if ( ! Confab_Options::are_complete() ) {
			return self::incomplete();
		}
		$room = self::find( $given['room'], $given['name'] );
		if ( null === $room ) {
			return '';
		}
		if ( ! is_user_logged_in() ) {
			return sprintf(
				'<p class="confab-login"><a href="%s">%s</a></p>',
				esc_url( wp_login_url( (string) get_permalink() ) ),
				esc_html__( 'Log in to chat', 'confab' )
			);
		}
		if ( ! self::may_enter( $room ) ) {
			return '';
		}
		return self::element( $room, $given, $readonly );
	}

	/**
	 * The element, and the script that makes it a chat.
	 *
	 * @param array $room     A room.
	 * @param array $given    The attributes.
	 * @param bool  $readonly Whether nothing can be written.
	 * @return string
	 */
	private static function element( $room, $given, $readonly ) {
		wp_enqueue_script( 'confab-chat', Confab_Options::get( 'url' ) . '/confab-chat.js', array(), null, true ); // phpcs:ignore WordPress.WP.EnqueuedResourceParameters.MissingVersion -- The chat has its own versions.
		$attributes = array(
			'room-key'  => $room['key'],
			'token-url' => self::token_url( $room ),
		);
		if ( 'bubble' === $given['mode'] ) {
			$attributes['mode'] = 'bubble';
		} elseif ( '' !== $given['height'] ) {
			$attributes['style'] = safecss_filter_attr( 'height: ' . $given['height'] );
		}
		if ( $readonly ) {
			$attributes['readonly'] = '';
		}
		$html = '<confab-chat';
		foreach ( $attributes as $name => $value ) {
			$html .= sprintf( ' %s="%s"', $name, esc_attr( $value ) );
		}
		return $html . '></confab-chat>';
	}

	/**
	 * What is shown before the settings are made: a hint for users who can make them.
	 *
	 * @return string
	 */
	private static function incomplete() {
		if ( ! current_user_can( 'manage_options' ) ) {
			return '';
		}
		return sprintf(
			'<p class="confab-incomplete"><a href="%s">%s</a></p>',
			esc_url( admin_url( 'options-general.php?page=confab' ) ),
			esc_html__( 'The chat is shown here once its settings are complete.', 'confab' )
		);
	}

	/**
	 * The script is an ES module.
	 *
	 * @param string $tag    The element.
	 * @param string $handle The name of the script.
	 * @return string
	 */
	public static function as_module( $tag, $handle ) {
		if ( 'confab-chat' !== $handle ) {
			return $tag;
		}
		$tag = preg_replace( '/ type=([\'"])text\/javascript\1/', '', $tag );
		return str_replace( '<script ', '<script type="module" ', $tag );
	}

	// ---- rooms ----

	/**
	 * The room with this name, or that of the present post.
	 *
	 * @param string $name  Of a room of its own; "" for the post.
	 * @param string $title Its title; "": the name.
	 * @return array|null
	 */
	private static function find( $name, $title ) {
		if ( '' !== $name ) {
			$key = 'room-' . $name;
			return preg_match( '/^[A-Za-z0-9._:\/-]{1,128}$/D', $key )
				? self::named( $key, '' === $title ? $name : $title, 0 )
				: null;
		}
		$post = get_post();
		return $post ? self::of_post( $post ) : null;
	}

	/**
	 * The room of a post.
	 *
	 * @param WP_Post $post A post.
	 * @return array
	 */
	public static function of_post( $post ) {
		$title = wp_specialchars_decode( wp_strip_all_tags( $post->post_title ), ENT_QUOTES );
		return self::named( 'post-' . $post->ID, $title, $post->ID );
	}

	/**
	 * A room.
	 *
	 * @param string $key   Its key.
	 * @param string $title Its title, of any length.
	 * @param int    $post  The id of its post, or 0.
	 * @return array
	 */
	private static function named( $key, $title, $post ) {
		$title = mb_substr( trim( $title ), 0, 128 );
		return array(
			'key'  => $key,
			'name' => '' === $title ? $key : $title,
			'post' => $post,
		);
	}

	/**
	 * Whether the present user may be in a room: may read its post.
	 *
	 * @param array $room A room.
	 * @return bool
	 */
	public static function may_enter( $room ) {
		$may = is_user_logged_in() && Confab_Users::is_active( wp_get_current_user() );
		if ( $may && $room['post'] > 0 ) {
			$may = current_user_can( 'read_post', $room['post'] ) && ! post_password_required( $room['post'] );
		}
		/**
		 * Filters whether the present user may be in a room.
		 *
		 * @param bool  $may  Whether the user may.
		 * @param array $room Its `key`, `name` and `post`.
		 */
		return (bool) apply_filters( 'confab_may_enter', $may, $room );
	}

	// ---- the address of the token ----

	/**
	 * Where the page gets tokens for a room.
	 *
	 * @param array $room A room.
	 * @return string
	 */
	private static function token_url( $room ) {
		$query = array(
			'action' => 'confab_token',
			'room'   => $room['key'],
		);
		if ( 0 === $room['post'] ) {
			$query['name'] = $room['name'];
		}
		$query['sign'] = self::signature( $room );
		return admin_url( 'admin-ajax.php', 'relative' ) . '?' . http_build_query( $query, '', '&' );
	}

	/**
	 * The room of such an address; null if it was not made by token_url().
	 *
	 * @param string $key  Its `room`.
	 * @param string $name Its `name`.
	 * @param string $sign Its `sign`.
	 * @return array|null
	 */
	public static function from_token_url( $key, $name, $sign ) {
		if ( preg_match( '/^post-([1-9][0-9]{0,17})$/D', $key, $found ) ) {
			$post = get_post( (int) $found[1] );
			$room = $post ? self::of_post( $post ) : null;
		} else {
			$room = self::named( $key, $name, 0 );
		}
		return $room && hash_equals( self::signature( $room ), $sign ) ? $room : null;
	}

	/**
	 * The id of a post is signed, so that a new title changes no address.
	 *
	 * @param array $room A room.
	 * @return string
	 */
	private static function signature( $room ) {
		return wp_hash( 'confab|' . $room['key'] . '|' . ( $room['post'] > 0 ? '' : $room['name'] ) );
	}
}
