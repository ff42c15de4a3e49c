/*
 * schema_text: the schemas as JSON, made while the program is built. Each is in two parts, between
 * which the servers belong, a list or an object: they depend on the request.
 */
#ifndef CONFAB_FCGI_API_SCHEMA_SCHEMA_TEXT_H
#define CONFAB_FCGI_API_SCHEMA_SCHEMA_TEXT_H

extern const char SCHEMA_TEXT_API_START[], SCHEMA_TEXT_API_END[];
extern const char SCHEMA_TEXT_EVENTS_START[], SCHEMA_TEXT_EVENTS_END[];

#endif
