<?php
/**
 * The page Settings > Confab.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

/**
 * Stores the settings, and runs the self-test.
 */
class Confab_Settings {

	const PAGE = 'confab';

	/**
	 * Adds the page.
	 */
	public static function register() {
		add_action( 'admin_menu', array( __CLASS__, 'add_page' ) );
		add_action( 'admin_init', array( __CLASS__, 'add_fields' ) );
		add_action( 'admin_notices', array( __CLASS__, 'show_problem' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( CONFAB_PLUGIN_FILE ), array( __CLASS__, 'add_link' ) );
	}

	/**
	 * Adds the page to the menu.
	 */
	public static function add_page() {
		add_options_page( __( 'Confab', 'confab' ), __( 'Confab', 'confab' ), 'manage_options', self::PAGE, array( __CLASS__, 'show' ) );
	}

	/**
	 * Adds a link to the list of plugins.
	 *
	 * @param string[] $links The links.
	 * @return string[]
	 */
	public static function add_link( $links ) {
		$link = sprintf( '<a href="%s">%s</a>', esc_url( self::address() ), esc_html__( 'Settings', 'confab' ) );
		return array_merge( array( $link ), $links );
	}

	/**
	 * The address of the page.
	 */
	private static function address() {
		return admin_url( 'options-general.php?page=' . self::PAGE );
	}

	/**
	 * Registers the option and its fields.
	 */
	public static function add_fields() {
		register_setting(
			self::PAGE,
			Confab_Options::OPTION,
			array(
				'type'              => 'array',
				'sanitize_callback' => array( __CLASS__, 'sanitize' ),
			)
		);
		add_settings_section( 'confab_main', '', '__return_null', self::PAGE );
		$fields = array(
			'url'      => array( __( 'Address of the chat', 'confab' ), 'url', __( 'Such as https://chat.example.org, or https://www.example.org/chat.', 'confab' ) ),
			'secret'   => array( __( 'Secret', 'confab' ), 'password', __( 'The secret in the file jwt_keys of the chat, by which users of this site are logged in.', 'confab' ) ),
			'key'      => array( __( 'API key', 'confab' ), 'password', __( 'With the scope users; the plugin reports changes of users to the chat with it.', 'confab' ) ),
			'issuer'   => array( __( 'Issuer', 'confab' ), 'text', __( 'jwt_issuer of the chat; usually empty.', 'confab' ) ),
			'audience' => array( __( 'Audience', 'confab' ), 'text', __( 'jwt_audience of the chat; usually empty.', 'confab' ) ),
		);
		foreach ( $fields as $name => $field ) {
			list( $label, $type, $help ) = $field;
			add_settings_field(
				"confab_$name",
				$label,
				array( __CLASS__, 'show_field' ),
				self::PAGE,
				'confab_main',
				array(
					'label_for' => "confab_$name",
					'name'      => $name,
					'type'      => $type,
					'help'      => $help,
				)
			);
		}
	}

	/**
	 * Shows a field. Secrets are not sent back to the browser.
	 *
	 * @param array $args As given to add_settings_field().
	 */
	public static function show_field( $args ) {
		$name     = $args['name'];
		$fixed    = Confab_Options::is_constant( $name );
		$value    = Confab_Options::get( $name );
		$hidden   = 'password' === $args['type'];
		$is_known = $hidden && '' !== $value;
		printf(
			'<input type="%s" id="%s" name="%s" value="%s" class="regular-text" autocomplete="off"%s%s>',
			esc_attr( $args['type'] ),
			esc_attr( $args['label_for'] ),
			esc_attr( Confab_Options::OPTION . "[$name]" ),
			esc_attr( $hidden ? '' : $value ),
			$is_known ? ' placeholder="' . esc_attr__( 'stored; leave empty to keep it', 'confab' ) . '"' : '',
			disabled( $fixed, true, false )
		);
		printf( '<p class="description">%s</p>', esc_html( $fixed ? __( 'Set in wp-config.php.', 'confab' ) : $args['help'] ) );
		if ( 'key' === $name && $is_known && ! $fixed ) {
			printf(
				'<p><label><input type="checkbox" name="%s" value="1"> %s</label></p>',
				esc_attr( Confab_Options::OPTION . '[remove_key]' ),
				esc_html__( 'Remove the stored key', 'confab' )
			);
		}
	}

	/**
	 * Checks what was entered; a wrong value leaves the stored one.
	 *
	 * @param mixed $input The fields.
	 * @return array
	 */
	public static function sanitize( $input ) {
		$stored = (array) get_option( Confab_Options::OPTION, array() );
		$given  = array();
		foreach ( array_keys( Confab_Options::CONSTANTS ) as $name ) {
			$value          = is_array( $input ) && isset( $input[ $name ] ) && is_string( $input[ $name ] ) ? trim( $input[ $name ] ) : null;
			$given[ $name ] = $value;
		}
		foreach ( array( 'issuer', 'audience' ) as $name ) {
			if ( null !== $given[ $name ] ) {
				$stored[ $name ] = $given[ $name ];
			}
		}
		if ( null !== $given['url'] ) {
			$url = untrailingslashit( esc_url_raw( $given['url'], array( 'http', 'https' ) ) );
			if ( '' === $url && '' !== $given['url'] ) {
				self::refuse( 'url', __( 'The address of the chat begins with https:// or http://.', 'confab' ) );
			} else {
				$stored['url'] = $url;
			}
		}
		if ( (string) $given['secret'] !== '' ) {
			if ( strlen( $given['secret'] ) < 32 ) {
				self::refuse( 'secret', __( 'The secret has at least 32 characters.', 'confab' ) );
			} else {
				$stored['secret'] = $given['secret'];
			}
		}
		if ( ! empty( $input['remove_key'] ) ) {
			$stored['key'] = '';
		} elseif ( (string) $given['key'] !== '' ) {
			if ( ! preg_match( '/^ck_[0-9a-f]{40}$/D', $given['key'] ) ) {
				self::refuse( 'key', __( 'An API key is ck_ and 40 hexadecimal digits.', 'confab' ) );
			} else {
				$stored['key'] = $given['key'];
			}
		}
		return $stored;
	}

	/**
	 * Shows why a field was not stored.
	 *
	 * @param string $name The field.
	 * @param string $text The reason.
	 */
	private static function refuse( $name, $text ) {
		add_settings_error( Confab_Options::OPTION, "confab_$name", $text );
	}

	/**
	 * Shows the page.
	 */
	public static function show() {
		if ( ! current_user_can( 'manage_options' ) ) {
			return;
		}
		?>
		<div class="wrap">
			<h1><?php esc_html_e( 'Confab', 'confab' ); ?></h1>
			<form action="options.php" method="post">
				<?php
				settings_fields( self::PAGE );
				do_settings_sections( self::PAGE );
				submit_button();
				?>
			</form>
			<h2><?php esc_html_e( 'Self-test', 'confab' ); ?></h2>
			<p><?php esc_html_e( 'Logs you in to the chat with the stored settings, and says what does not work.', 'confab' ); ?></p>
			<form action="<?php echo esc_url( self::address() ); ?>" method="post">
				<?php
				wp_nonce_field( 'confab_test' );
				submit_button( __( 'Test the settings', 'confab' ), 'secondary', 'confab_test', false );
				?>
			</form>
			<?php
			if ( isset( $_POST['confab_test'] ) ) {
				check_admin_referer( 'confab_test' );
				self::show_checks( Confab_Self_Test::run() );
			}
			?>
		</div>
		<?php
	}

	/**
	 * Shows the result of the self-test.
	 *
	 * @param array[] $checks The checks.
	 */
	private static function show_checks( $checks ) {
		$classes = array(
			'ok'      => 'notice-success',
			'warning' => 'notice-warning',
			'failed'  => 'notice-error',
		);
		foreach ( $checks as $check ) {
			printf(
				'<div class="notice inline confab-check %s"><p><strong>%s:</strong> %s</p></div>',
				esc_attr( $classes[ $check['state'] ] ),
				esc_html( $check['title'] ),
				esc_html( $check['text'] )
			);
		}
	}

	/**
	 * Tells administrators that changes of users do not reach the chat.
	 */
	public static function show_problem() {
		$problem = get_option( Confab_Users::PROBLEM );
		if ( ! $problem || '' === Confab_Options::get( 'key' ) || ! current_user_can( 'manage_options' ) ) {
			return;
		}
		printf(
			'<div class="notice notice-error"><p>%s</p></div>',
			/* translators: %s: an error. */
			esc_html( sprintf( __( 'Confab: changes of users could not be sent to the chat, and are tried again every minute: %s', 'confab' ), $problem ) )
		);
	}
}
