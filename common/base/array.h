/*
 * array: room for one more element in an array that grows.
 *
 * The owner keeps the elements, their number and the space for them in its own struct:
 *
 *     list->items = array_reserve(list->items, &list->space, list->count + 1,
 *                                 sizeof(*list->items));
 *     list->items[list->count++] = item;
 *
 * and frees the elements with free().
 */
#ifndef CONFAB_ARRAY_H
#define CONFAB_ARRAY_H

#include <stddef.h>

/* Returns the array `items` (NULL: none yet) with space for at least `need` elements of `size`
 * bytes, and sets *space to the elements that fit. The space doubles, so that adding n elements
 * one by one takes O(n). The array may move. New elements are not initialized. Ends the process
 * if memory runs out (base/xalloc.h). */
void *array_reserve(void *items, size_t *space, size_t need, size_t size);

#endif
