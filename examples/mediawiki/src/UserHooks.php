<?php

namespace MediaWiki\Extension\Confab;

use MediaWiki\User\UserFactory;
use User;

/**
 * Reports changes of users that concern the chat.
 */
class UserHooks {
	/** @var Users */
	private $users;

	/** @var UserFactory */
	private $userFactory;

	public function __construct( Users $users, UserFactory $userFactory ) {
		$this->users = $users;
		$this->userFactory = $userFactory;
	}

	public function onBlockIpComplete( $block, $user, $priorBlock ) {
		$this->blockChanged( $block );
	}

	public function onUnblockUserComplete( $block, $user ) {
		$this->blockChanged( $block );
	}

	private function blockChanged( $block ): void {
		$target = $block->getTargetUserIdentity();
		if ( $target !== null && $target->isRegistered() ) {
			$this->users->changed( $target );
		}
	}

	/** New groups may be another role in the chat: open chats log in again. */
	public function onUserGroupsChanged( $user, $added, $removed, $performer, $reason, $old, $new ) {
		$this->users->changed( $user, true );
	}

	public function onUserLogoutComplete( $user, &$html, $oldName ) {
		$this->changedByName( $oldName, true );
	}

	/** MediaWiki ends the sessions of a user whose password has changed. */
	public function onChangeAuthenticationDataAudit( $request, $status ) {
		if ( $status->isGood() ) {
			$this->changedByName( $request->username, true );
		}
	}

	public function onUserSaveSettings( $user ) {
		$this->users->changed( $user );
	}

	public function onSaveUserOptions( $user, array &$modified, array $original ) {
		if ( array_key_exists( 'language', $modified ) ) {
			$this->users->changed( $user );
		}
	}

	public function onRenameUserComplete( $id, $old, $new ) {
		$this->users->changed( $this->userFactory->newFromId( (int)$id ) );
	}

	public function onBeforePageDisplay( $out, $skin ): void {
		$this->users->sendLater();
	}

	private function changedByName( $name, bool $logout ): void {
		$user = $name === null ? null : $this->userFactory->newFromName( $name );
		if ( $user instanceof User && $user->isRegistered() ) {
			$this->users->changed( $user, $logout );
		}
	}
}
