<?php

namespace MediaWiki\Extension\Confab;

/**
 * A room of the chat: that of a page ("page-17"), or one with a name of its own ("room-lobby").
 */
class Room {
	/** @var string */
	public $key;

	/** @var string The title with which the room is made */
	public $name;

	/** @var int The id of its page, or 0 */
	public $page;

	/**
	 * @param string $key
	 * @param string $name Of any length
	 * @param int $page
	 */
	public function __construct( string $key, string $name, int $page ) {
		$name = mb_substr( trim( $name ), 0, 128 );
		$this->key = $key;
		$this->name = $name === '' ? $key : $name;
		$this->page = $page;
	}
}
