<?php
/**
 * Deletes what the plugin has stored, on each site of a network. The users of the chat stay there.
 *
 * @package Confab
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/**
 * Deletes what is stored for the present site.
 */
function confab_uninstall_site() {
	global $wpdb;
	delete_option( 'confab_settings' );
	delete_option( 'confab_problem' );
	$like  = $wpdb->esc_like( 'confab_pending_' ) . '%';
	$names = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE %s", $like ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	array_map( 'delete_option', $names );
	delete_metadata( 'user', 0, $wpdb->get_blog_prefix() . 'confab_seen', '', true );
	wp_clear_scheduled_hook( 'confab_retry' );
}

if ( is_multisite() ) {
	foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $confab_site ) {
		switch_to_blog( $confab_site );
		confab_uninstall_site();
		restore_current_blog();
	}
} else {
	confab_uninstall_site();
}
