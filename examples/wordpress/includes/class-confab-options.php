<?php
/**
 * What the administrator has entered.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

/**
 * The settings: constants of wp-config.php, or else the option of the settings page.
 */
class Confab_Options {

	const OPTION = 'confab_settings';

	/**
	 * The settings by name, and the constants that replace them.
	 */
	const CONSTANTS = array(
		'url'      => 'CONFAB_URL',
		'secret'   => 'CONFAB_SECRET',
		'key'      => 'CONFAB_KEY',
		'issuer'   => 'CONFAB_ISSUER',
		'audience' => 'CONFAB_AUDIENCE',
	);

	/**
	 * A setting; "" if it is not set.
	 *
	 * @param string $name A key of CONSTANTS.
	 * @return string
	 */
	public static function get( $name ) {
		if ( self::is_constant( $name ) ) {
			$value = (string) constant( self::CONSTANTS[ $name ] );
			return 'url' === $name ? untrailingslashit( $value ) : $value;
		}
		$stored = get_option( self::OPTION, array() );
		return isset( $stored[ $name ] ) ? (string) $stored[ $name ] : '';
	}

	/**
	 * Whether wp-config.php has the setting.
	 *
	 * @param string $name A key of CONSTANTS.
	 * @return bool
	 */
	public static function is_constant( $name ) {
		return defined( self::CONSTANTS[ $name ] );
	}

	/**
	 * Whether a chat can be shown.
	 *
	 * @return bool
	 */
	public static function are_complete() {
		return '' !== self::get( 'url' ) && strlen( self::get( 'secret' ) ) >= 32;
	}

	/**
	 * The client of the chat.
	 *
	 * @return Confab
	 */
	public static function chat() {
		$options = array( 'timeout' => 5 );
		foreach ( array( 'secret', 'key', 'issuer', 'audience' ) as $name ) {
			if ( '' !== self::get( $name ) ) {
				$options[ $name ] = self::get( $name );
			}
		}
		return new Confab( self::get( 'url' ), $options );
	}
}
