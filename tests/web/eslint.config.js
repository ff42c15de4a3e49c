// Lint rules for web/ and tests/web/; `make lint` runs them. Prettier owns the layout.

import js from "@eslint/js";
import globals from "globals";

export default [
    js.configs.recommended,
    {
        linterOptions: { reportUnusedDisableDirectives: "error" },
        rules: {
            curly: ["error", "all"],
            eqeqeq: "error",
            "no-unused-vars": ["error", { ignoreRestSiblings: true }],
            "no-var": "error",
            "prefer-const": "error",
        },
    },
    { files: ["web/**"], languageOptions: { globals: globals.browser } },
    {
        files: ["web/chat/**", "web/confab/**"],
        rules: {
            "no-restricted-syntax": [
                "error",
                // scripts/web-page takes spaces at the beginnings of lines away.
                "TemplateElement[value.raw=/\\n[ \\t]/]",
                // It cuts what is pasted without a word, and counts most emoji twice.
                "Property[key.name='maxlength']",
            ],
        },
    },
    {
        files: ["tests/web/**"],
        // Functions passed to evaluate() run in the browser.
        languageOptions: { globals: { ...globals.node, ...globals.browser } },
    },
];
