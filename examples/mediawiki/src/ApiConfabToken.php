<?php

namespace MediaWiki\Extension\Confab;

use ApiBase;
use ApiMain;
use ConfabError;
use Wikimedia\ParamValidator\ParamValidator;

/**
 * api.php?action=confabtoken: answers {"jwt": "..."} for the user who is logged in, 401 without a login,
 * 403 for a room that this user may not enter.
 */
class ApiConfabToken extends ApiBase {
	/** @var Rooms */
	private $rooms;

	/** @var Users */
	private $users;

	public function __construct( ApiMain $main, string $action, Rooms $rooms, Users $users ) {
		parent::__construct( $main, $action );
		$this->rooms = $rooms;
		$this->users = $users;
	}

	public function execute() {
		$user = $this->getUser();
		if ( !$user->isRegistered() ) {
			$this->dieWithError( 'apierror-mustbeloggedin-generic', 'notloggedin', [], 401 );
		}
		$params = $this->extractRequestParams();
		$room = $this->rooms->fromTokenUrl( $params['room'], $params['name'], $params['sign'] );
		if ( $room === null || !$this->rooms->areConfigured() || !$this->users->isActive( $user ) ||
			!$this->rooms->mayEnter( $room, $this->getAuthority() )
		) {
			$this->dieWithError( 'confab-not-here', 'forbidden', [], 403 );
		}
		try {
			$this->getResult()->addValue( null, 'jwt', $this->users->token( $user, $room ) );
		} catch ( ConfabError $error ) {
			$this->dieWithException( $error );
		}
	}

	/** @inheritDoc */
	public function getAllowedParams() {
		$text = [ ParamValidator::PARAM_TYPE => 'string' ];
		$required = $text + [ ParamValidator::PARAM_REQUIRED => true ];
		return [
			'room' => $required,
			'name' => $text + [ ParamValidator::PARAM_DEFAULT => '' ],
			'sign' => $required,
		];
	}

	/** @inheritDoc */
	public function isInternal() {
		return true;
	}
}
