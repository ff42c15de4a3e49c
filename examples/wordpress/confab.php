<?php
/**
 * Plugin Name:       Confab
 * Description:       A chat for each post, in which your users are logged in already, under their own names and pictures.
 * Version:           1.0.0
 * Requires at least: 5.9
 * Requires PHP:      7.4
 * License:           BSD-2-Clause
 * Text Domain:       confab
 *
 * Confab.php beside this file is clients/php/Confab.php of confab. README.md describes the setup.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

define( 'CONFAB_PLUGIN_FILE', __FILE__ );

if ( ! is_readable( __DIR__ . '/Confab.php' ) ) {
	// In the sources of confab it is a link, which some ways of copying break.
	add_action(
		'admin_notices',
		static function () {
			$text = __( 'The plugin Confab is not complete: copy the file clients/php/Confab.php of confab into its folder.', 'confab' );
			printf( '<div class="notice notice-error"><p>%s</p></div>', esc_html( $text ) );
		}
	);
	return;
}
// Another plugin may have loaded the same file.
if ( ! class_exists( 'Confab' ) ) {
	require_once __DIR__ . '/Confab.php';
}
require_once __DIR__ . '/includes/class-confab-options.php';
require_once __DIR__ . '/includes/class-confab-rooms.php';
require_once __DIR__ . '/includes/class-confab-token.php';
require_once __DIR__ . '/includes/class-confab-users.php';
require_once __DIR__ . '/includes/class-confab-self-test.php';
require_once __DIR__ . '/includes/class-confab-settings.php';

Confab_Rooms::register();
Confab_Token::register();
Confab_Users::register();
if ( is_admin() ) {
	Confab_Settings::register();
}

register_deactivation_hook(
	__FILE__,
	static function () {
		wp_clear_scheduled_hook( Confab_Users::RETRY );
	}
);
