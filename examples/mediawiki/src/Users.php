<?php

namespace MediaWiki\Extension\Confab;

use BagOStuff;
use Confab;
use ConfabError;
use Config;
use DeferredUpdates;
use IDBAccessObject;
use MediaWiki\HookContainer\HookContainer;
use MediaWiki\User\UserFactory;
use MediaWiki\User\UserIdentity;
use MediaWiki\User\UserOptionsLookup;
use Psr\Log\LoggerInterface;
use Throwable;
use User;
use Wikimedia\Rdbms\ILoadBalancer;

/**
 * Logs users in to the chat, and keeps the chat's users in step with those of the wiki.
 *
 * What is known of a user are rows of user_properties, which no form and no request changes:
 * PROPERTY_SEEN of users who have had a token, PROPERTY_DISABLED of those who are disabled in the
 * chat, and PROPERTY_PENDING for a change that has not been sent. It is written in the transaction
 * of the change and sent after the answer; what could not be sent then is tried again after later
 * requests, once a minute. What is sent is how the user is then.
 */
class Users {
	private const PROPERTY_SEEN = 'confab-seen';
	private const PROPERTY_DISABLED = 'confab-disabled';
	private const PROPERTY_PENDING = 'confab-pending';

	/** The most users in one request */
	private const BATCH = 100;

	/** The pause after a failure, in seconds */
	private const PAUSE = 60;

	/** @var Config */
	private $config;

	/** @var ILoadBalancer */
	private $loadBalancer;

	/** @var UserFactory */
	private $userFactory;

	/** @var UserOptionsLookup */
	private $options;

	/** @var HookContainer */
	private $hooks;

	/** @var BagOStuff */
	private $stash;

	/** @var LoggerInterface */
	private $logger;

	/** @var bool Whether send() runs after this request */
	private $isDeferred = false;

	public function __construct(
		Config $config,
		ILoadBalancer $loadBalancer,
		UserFactory $userFactory,
		UserOptionsLookup $options,
		HookContainer $hooks,
		BagOStuff $stash,
		LoggerInterface $logger
	) {
		$this->config = $config;
		$this->loadBalancer = $loadBalancer;
		$this->userFactory = $userFactory;
		$this->options = $options;
		$this->hooks = $hooks;
		$this->stash = $stash;
		$this->logger = $logger;
	}

	// ---- logins ----

	/** Whether a user may use the chat. */
	public function isActive( User $user ): bool {
		if ( !$user->isRegistered() || !$user->isAllowed( 'confab' ) ) {
			return false;
		}
		$block = $user->getBlock( IDBAccessObject::READ_LATEST );
		return $block === null || !$block->isSitewide();
	}

	/**
	 * A signed token for an active user to be in a room.
	 *
	 * @throws ConfabError If the user was disabled in the chat, and cannot be enabled now
	 */
	public function token( User $user, Room $room ): string {
		$profile = $this->profile( $user );
		$claims = [
			'preferred_username' => $user->getName(),
			'name' => $profile['display_name'],
			'locale' => $profile['locale'],
			'rooms' => [ [
				'key' => $room->key,
				'name' => $room->name,
				'role' => $user->isAllowed( 'confab-admin' ) ? 'admin' : 'member',
				'private' => true,
			] ],
		];
		// For other extensions, such as those that know pictures.
		$this->hooks->run( 'ConfabClaims', [ $user, $room, &$claims ] );
		if ( $this->has( $user->getId(), self::PROPERTY_DISABLED ) ) {
			// The block has expired.
			$this->sendUsers( [ $user->getId() => $this->propertyOf( $user->getId() ) ] );
		}
		$this->set( $user->getId(), self::PROPERTY_SEEN, '1' );
		return $this->chat()->token( (string)$user->getId(), $claims );
	}

	private function chat(): Confab {
		$options = [ 'timeout' => 5 ];
		foreach ( [ 'secret', 'key', 'issuer', 'audience' ] as $name ) {
			$value = $this->config->get( 'Confab' . ucfirst( $name ) );
			if ( $value !== '' ) {
				$options[$name] = $value;
			}
		}
		return new Confab( $this->config->get( 'ConfabUrl' ), $options );
	}

	private function profile( User $user ): array {
		$name = $user->getRealName() !== '' ? $user->getRealName() : $user->getName();
		return [
			'display_name' => mb_substr( $name, 0, 64 ),
			'locale' => (string)$this->options->getOption( $user, 'language' ),
		];
	}

	// ---- changes ----

	/** Records that a user has changed; `$logout`: the logins to the chat end too. */
	public function changed( UserIdentity $user, bool $logout = false ): void {
		$id = $user->getId();
		if ( $this->config->get( 'ConfabKey' ) === '' || !$this->has( $id, self::PROPERTY_SEEN ) ) {
			return;
		}
		$logout = $logout || strpos( (string)$this->propertyOf( $id ), 'logout' ) === 0;
		// Its own value for each change: one that comes while it is sent is sent again.
		$this->set( $id, self::PROPERTY_PENDING,
			( $logout ? 'logout ' : 'profile ' ) . bin2hex( random_bytes( 8 ) ) );
		$this->sendLater();
	}

	/** Sends after the answer of this request whatever is pending. */
	public function sendLater(): void {
		if ( !$this->isDeferred && $this->config->get( 'ConfabKey' ) !== '' ) {
			$this->isDeferred = true;
			DeferredUpdates::addCallableUpdate( [ $this, 'send' ] );
		}
	}

	/** Sends what is pending, unless that has failed within the last minute. */
	public function send(): void {
		$this->isDeferred = false;
		$pending = $this->pending();
		$failed = $this->stash->makeKey( 'confab', 'failed' );
		if ( $pending === [] || $this->stash->get( $failed ) ) {
			return;
		}
		try {
			$this->sendUsers( $pending );
		} catch ( Throwable $error ) {
			$this->stash->set( $failed, 1, self::PAUSE );
			$this->logger->error( 'Changes of users could not be sent: {error}',
				[ 'error' => $error->getMessage(), 'exception' => $error ] );
		}
	}

	/**
	 * Sends these users, and forgets the changes that succeeded.
	 *
	 * @param string[] $pending The values of PROPERTY_PENDING by the id of the user
	 * @throws ConfabError
	 */
	private function sendUsers( array $pending ): void {
		$chat = $this->chat();
		$ids = array_keys( $pending );
		$users = array_map( [ $this, 'asItem' ], $ids );
		$refused = null;
		foreach ( $chat->setUsers( $users ) as $index => $result ) {
			$id = $ids[$index];
			if ( $result['status'] === 400 ) {
				// Such as a language that is none elsewhere: the rest counts.
				$item = array_diff_key( $users[$index], $result['errors'] );
				$result = $chat->setUsers( [ $item ] )[0];
			}
			if ( $result['status'] === 400 ) {
				$refused = json_encode( $result['errors'] );
				continue;
			}
			$isActive = $result['user']['is_active'];
			if ( $isActive && strpos( (string)$pending[$id], 'logout' ) === 0 ) {
				$chat->logoutUser( $result['user']['user_id'] );
			}
			if ( $isActive ) {
				$this->remove( $id, self::PROPERTY_DISABLED );
			} else {
				$this->set( $id, self::PROPERTY_DISABLED, '1' );
			}
			$this->remove( $id, self::PROPERTY_PENDING, $pending[$id] );
		}
		if ( $refused !== null ) {
			throw new ConfabError( "the chat refused a user: $refused" );
		}
	}

	/** A user as the server's API takes it. */
	private function asItem( int $id ): array {
		$user = $this->userFactory->newFromId( $id );
		$user->load( IDBAccessObject::READ_LATEST );
		$item = [ 'external_id' => (string)$id, 'is_active' => $this->isActive( $user ) ];
		return $item['is_active'] ? $item + $this->profile( $user ) : $item;
	}

	// ---- rows of user_properties ----

	/** @return string[] The values of PROPERTY_PENDING by the id of the user */
	private function pending(): array {
		$pending = [];
		$rows = $this->loadBalancer->getConnection( DB_PRIMARY )->newSelectQueryBuilder()
			->select( [ 'up_user', 'up_value' ] )
			->from( 'user_properties' )
			->where( [ 'up_property' => self::PROPERTY_PENDING ] )
			->limit( self::BATCH )
			->caller( __METHOD__ )
			->fetchResultSet();
		foreach ( $rows as $row ) {
			$pending[(int)$row->up_user] = $row->up_value;
		}
		return $pending;
	}

	/** The pending change of a user; null: none. */
	private function propertyOf( int $id, string $property = self::PROPERTY_PENDING ): ?string {
		$value = $this->loadBalancer->getConnection( DB_PRIMARY )->selectField( 'user_properties',
			'up_value', [ 'up_user' => $id, 'up_property' => $property ], __METHOD__ );
		return $value === false ? null : $value;
	}

	private function has( int $id, string $property ): bool {
		return $this->propertyOf( $id, $property ) !== null;
	}

	private function set( int $id, string $property, string $value ): void {
		if ( $this->propertyOf( $id, $property ) === $value ) {
			return;
		}
		$this->loadBalancer->getConnection( DB_PRIMARY )->replace( 'user_properties',
			[ [ 'up_user', 'up_property' ] ],
			[ 'up_user' => $id, 'up_property' => $property, 'up_value' => $value ],
			__METHOD__ );
	}

	/** `$value`: only if it still has this one. */
	private function remove( int $id, string $property, ?string $value = null ): void {
		$where = [ 'up_user' => $id, 'up_property' => $property ];
		if ( $value !== null ) {
			$where['up_value'] = $value;
		}
		$this->loadBalancer->getConnection( DB_PRIMARY )
			->delete( 'user_properties', $where, __METHOD__ );
	}
}
