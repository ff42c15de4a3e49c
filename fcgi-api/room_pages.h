/*
 * room_pages: pages of lists of rooms, the latest active first.
 *
 * A page is made from as few rooms as can be. Of the public ones the database finds exactly those
 * of the page. Of one's own it gives the latest ones in an order that is right to the minute; here
 * they are put in their exact order, and if one that was not read may belong to the page, more are
 * read, or all are sorted by the database.
 */
#ifndef CONFAB_ROOM_PAGES_H
#define CONFAB_ROOM_PAGES_H

#include "rest/page.h"
#include "server/exchange.h"

enum room_pages_kind { ROOM_PAGES_OWN, ROOM_PAGES_PUBLIC };

/* Answers with a page of the caller's own list or of the public one, and sets its tag. A client
 * that has it already is found out without names and messages. A caller who is yet to be proven
 * (x->auth_pending) is proven along with the list, or stays unproven. */
enum error room_pages_answer(struct exchange *x, enum room_pages_kind kind,
                             const struct page *page);

#endif
