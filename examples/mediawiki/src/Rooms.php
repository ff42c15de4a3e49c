<?php

namespace MediaWiki\Extension\Confab;

use Config;
use MediaWiki\Permissions\Authority;
use Title;

/**
 * Which rooms there are. A room is created with the first token for it. The address of the token is
 * signed, so that rooms are created only for pages with a chat.
 */
class Rooms {
	/** @var Config */
	private $config;

	public function __construct( Config $config ) {
		$this->config = $config;
	}

	public function areConfigured(): bool {
		return $this->config->get( 'ConfabUrl' ) !== '' &&
			strlen( $this->config->get( 'ConfabSecret' ) ) >= 32;
	}

	/** The room of a page that exists. */
	public function ofPage( Title $title ): Room {
		$id = $title->getArticleID();
		return new Room( "page-$id", $title->getPrefixedText(), $id );
	}

	/** The room with a name of its own; null if it cannot be one. */
	public function named( string $name, string $title ): ?Room {
		$key = "room-$name";
		return preg_match( '/^room-[A-Za-z0-9._:\/-]{1,123}$/D', $key )
			? new Room( $key, $title === '' ? $name : $title, 0 )
			: null;
	}

	/** Whether a user may be in a room: may read its page. */
	public function mayEnter( Room $room, Authority $user ): bool {
		$title = $room->page > 0 ? Title::newFromID( $room->page ) : null;
		return $room->page === 0 || ( $title !== null && $user->authorizeRead( 'read', $title ) );
	}

	/** Where the page gets tokens for a room. */
	public function tokenUrl( Room $room ): string {
		$query = [ 'action' => 'confabtoken', 'format' => 'json', 'room' => $room->key ];
		if ( $room->page === 0 ) {
			$query['name'] = $room->name;
		}
		$query['sign'] = $this->signature( $room );
		return wfAppendQuery( wfScript( 'api' ), $query );
	}

	/** The room of such an address; null if tokenUrl() has not made it. */
	public function fromTokenUrl( string $key, string $name, string $sign ): ?Room {
		if ( preg_match( '/^page-([1-9][0-9]{0,17})$/D', $key, $found ) ) {
			$title = Title::newFromID( (int)$found[1] );
			$room = $title ? $this->ofPage( $title ) : null;
		} else {
			$room = new Room( $key, $name, 0 );
		}
		return $room && hash_equals( $this->signature( $room ), $sign ) ? $room : null;
	}

	/** The id of a page is signed, so that a new title changes no address. */
	private function signature( Room $room ): string {
		$text = "confab|$room->key|" . ( $room->page > 0 ? '' : $room->name );
		return substr( hash_hmac( 'sha256', $text, $this->config->get( 'SecretKey' ) ), 0, 32 );
	}
}
