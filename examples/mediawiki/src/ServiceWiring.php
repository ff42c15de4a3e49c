<?php
/**
 * The services of the extension.
 */

namespace MediaWiki\Extension\Confab;

use MediaWiki\Logger\LoggerFactory;
use MediaWiki\MediaWikiServices;

return [
	'Confab.Rooms' => static function ( MediaWikiServices $services ): Rooms {
		return new Rooms( $services->getMainConfig() );
	},
	'Confab.Users' => static function ( MediaWikiServices $services ): Users {
		return new Users(
			$services->getMainConfig(),
			$services->getDBLoadBalancer(),
			$services->getUserFactory(),
			$services->getUserOptionsLookup(),
			$services->getHookContainer(),
			$services->getMainObjectStash(),
			LoggerFactory::getInstance( 'Confab' )
		);
	},
];
