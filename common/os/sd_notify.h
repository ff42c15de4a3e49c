/*
 * notify: tells the service manager how it goes, by the protocol of sd_notify(3): one
 * datagram to the socket in $NOTIFY_SOCKET. Without that variable nothing happens. What
 * cannot be sent is lost.
 */
#ifndef CONFAB_NOTIFY_H
#define CONFAB_NOTIFY_H

#include <sys/types.h>

/* Up and serving; also the end of a reload. */
void sd_notify_ready(void);

/* Up and serving in the place of the main process, which is to end: this one is it now. */
void sd_notify_main(void);

/* Another process has told that it is the main one: nothing is said by this one from now on. */
void sd_notify_leave(void);

/* The watchdog of this process is the one that the service manager gave to its predecessor, if
 * it gave one. Before there are threads. */
void sd_notify_inherit(pid_t predecessor);

/* The configuration is being read again; sd_notify_ready() has to follow. */
void sd_notify_reloading(void);

/* The orderly end has begun. */
void sd_notify_stopping(void);

/* Still at work. To be called often, from where the work is done: says so no more often than
 * the watchdog of this process (sd_watchdog_enabled(3)) needs it, and nothing without one.
 * One thread only. */
void sd_notify_alive(void);

#endif
