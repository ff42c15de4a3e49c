// The dialog that goes to the messages of a day.

import { form, submitButton, textField } from "../ui/controls.js";
import { cancelButton, openDialog } from "../ui/dialog.js";
import { t } from "../words.js";

/** The value of a date field. */
function dateValue(date) {
    const two = (number) => String(number).padStart(2, "0");
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * The first message since a time; the last one, if there is none since; null in an empty room.
 * Later messages have later times, so halving finds how many there are since.
 */
async function messageSince(confab, roomId, time) {
    const at = async (offset) => {
        const { count, results } = await confab.messages(roomId, { limit: 1, offset });
        return { count, message: results[0] ?? null };
    };
    const { count, message: newest } = await at(0);
    let found = newest;
    let later = 0;
    let most = count;
    while (later < most) {
        const middle = Math.floor((later + most) / 2);
        const { message } = middle === 0 ? { message: newest } : await at(middle);
        if (message && new Date(message.created_at) >= time) {
            found = message;
            later = middle + 1;
        } else {
            most = middle;
        }
    }
    return found;
}

/** `day` is the day that is shown first; calls `goTo(messageId)`. */
export function openDates(root, confab, room, day, goTo) {
    openDialog(root, t("Go to a day"), (close) => {
        const field = textField("date", t("Day"), {
            type: "date",
            value: dateValue(day),
            min: dateValue(new Date(room.created_at)),
            max: dateValue(new Date()),
            required: true,
        });
        return form({
            fields: [field],
            buttons: [cancelButton(close), submitButton(t("Go to"))],
            submit: async () => {
                const [year, month, date] = field.input.value.split("-").map(Number);
                const start = new Date(year, month - 1, date);
                const message = await messageSince(confab, room.room_id, start);
                close();
                if (message) {
                    goTo(message.message_id);
                }
            },
        });
    });
}
