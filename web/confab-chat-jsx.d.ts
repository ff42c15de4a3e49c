/**
 * <confab-chat> in JSX of React:
 *
 *     import "confab-client/confab-chat-jsx";
 */

import type { ConfabChatAttributes } from "./confab-chat.js";

declare module "react" {
    namespace JSX {
        interface IntrinsicElements {
            "confab-chat": ConfabChatAttributes & Record<string, unknown>;
        }
    }
}
