/**
 * The block in the editor: a placeholder, and the settings in the sidebar. The server renders the
 * chat itself.
 */
( function ( { blockEditor, blocks, components, element, i18n } ) {
	const { InspectorControls, useBlockProps } = blockEditor;
	const { PanelBody, Placeholder, TextControl, ToggleControl } = components;
	const { createElement: el, Fragment } = element;
	const { __ } = i18n;

	function Edit( { attributes, setAttributes } ) {
		const text = ( name, label, help ) =>
			el( TextControl, {
				label,
				help,
				value: attributes[ name ],
				onChange: ( value ) => setAttributes( { [ name ]: value } ),
			} );
		const settings = el(
			PanelBody,
			{ title: __( 'Chat', 'confab' ) },
			text( 'room', __( 'Room', 'confab' ), __( 'Empty: the room of this post.', 'confab' ) ),
			attributes.room && text( 'name', __( 'Title of the room', 'confab' ) ),
			text( 'height', __( 'Height', 'confab' ), __( 'Such as 30rem.', 'confab' ) ),
			el( ToggleControl, {
				label: __( 'A button in the corner opens it', 'confab' ),
				checked: attributes.mode === 'bubble',
				onChange: ( isOn ) => setAttributes( { mode: isOn ? 'bubble' : '' } ),
			} ),
			el( ToggleControl, {
				label: __( 'Nothing can be written', 'confab' ),
				checked: attributes.readonly,
				onChange: ( isOn ) => setAttributes( { readonly: isOn } ),
			} )
		);
		return el(
			Fragment,
			null,
			el( InspectorControls, null, settings ),
			el(
				'div',
				useBlockProps(),
				el( Placeholder, {
					icon: 'format-chat',
					label: __( 'Confab chat', 'confab' ),
					instructions: attributes.room
						? attributes.room
						: __( 'Visitors who are logged in chat here.', 'confab' ),
				} )
			)
		);
	}

	blocks.registerBlockType( 'confab/chat', { edit: Edit, save: () => null } );
} )( window.wp );
