<?php

namespace MediaWiki\Extension\Confab;

use Html;
use MediaWiki\Hook\ParserFirstCallInitHook;
use Parser;

/**
 * The tag <chat/>. What it becomes is the same for all users, since pages are cached.
 */
class TagHooks implements ParserFirstCallInitHook {
	/** @var Rooms */
	private $rooms;

	public function __construct( Rooms $rooms ) {
		$this->rooms = $rooms;
	}

	/**
	 * @param Parser $parser
	 */
	public function onParserFirstCallInit( $parser ) {
		$parser->setHook( 'chat', [ $this, 'render' ] );
	}

	/**
	 * Attributes: `room` and `name`, for a room that is not that of the page; `mode="bubble"`,
	 * `readonly`, `height` (of CSS).
	 *
	 * @param string|null $text
	 * @param array $args
	 * @param Parser $parser
	 * @return string
	 */
	public function render( $text, array $args, Parser $parser ): string {
		if ( !$this->rooms->areConfigured() ) {
			return $this->hint( $parser, 'confab-incomplete' );
		}
		$title = $parser->getTitle();
		if ( isset( $args['room'] ) ) {
			$room = $this->rooms->named( $args['room'], $args['name'] ?? '' );
			if ( $room === null ) {
				return $this->hint( $parser, 'confab-bad-room', $args['room'] );
			}
		} elseif ( $title->getArticleID() > 0 ) {
			$room = $this->rooms->ofPage( $title );
		} else {
			return $this->hint( $parser, 'confab-unsaved' );
		}
		$attributes = [
			'room-key' => $room->key,
			'token-url' => $this->rooms->tokenUrl( $room ),
		];
		if ( ( $args['mode'] ?? '' ) === 'bubble' ) {
			$attributes['mode'] = 'bubble';
		} elseif ( preg_match( '/^[0-9.]+[a-z]{1,4}$/D', $args['height'] ?? '' ) ) {
			$attributes['style'] = "height: {$args['height']}";
		}
		if ( isset( $args['readonly'] ) ) {
			$attributes['readonly'] = '';
		}
		$parser->getOutput()->addModules( [ 'ext.confab' ] );
		return Html::element( 'confab-chat', $attributes );
	}

	private function hint( Parser $parser, string $message, string ...$params ): string {
		return Html::rawElement( 'p', [ 'class' => 'confab-hint' ],
			wfMessage( $message, ...array_map( 'wfEscapeWikiText', $params ) )
				->inLanguage( $parser->getTargetLanguage() )->parse() );
	}
}
