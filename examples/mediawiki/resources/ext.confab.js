/**
 * Loads the script of the chat for users; others get a link to the login.
 */
( function () {
	var script,
		elements = document.querySelectorAll( 'confab-chat' );

	if ( mw.config.get( 'wgUserName' ) === null ) {
		Array.prototype.forEach.call( elements, function ( element ) {
			var link = document.createElement( 'a' );
			link.className = 'confab-login';
			link.href = mw.util.getUrl( 'Special:UserLogin', {
				returnto: mw.config.get( 'wgPageName' )
			} );
			link.textContent = mw.msg( 'confab-login' );
			element.parentNode.replaceChild( link, element );
		} );
	} else if ( elements.length > 0 ) {
		script = document.createElement( 'script' );
		script.type = 'module';
		script.src = require( './config.json' ).url.replace( /\/+$/, '' ) + '/confab-chat.js';
		document.head.appendChild( script );
	}
}() );
