/*
 * notify: tells the service manager how it goes, by the protocol of sd_notify(3): one
 * datagram to the socket in $NOTIFY_SOCKET. Without that variable nothing happens. What
 * cannot be sent is lost.
 */
#ifndef CONFAB_NOTIFY_H
#define CONFAB_NOTIFY_H

/* Up and serving; also the end of a reload. */
void notify_ready(void);

/* The configuration is being read again; notify_ready() has to follow. */
void notify_reloading(void);

/* The orderly end has begun. */
void notify_stopping(void);

/* Still at work. To be called often, from where the work is done: says so no more often than
 * the watchdog of this process (sd_watchdog_enabled(3)) needs it, and nothing without one.
 * One thread only. */
void notify_alive(void);

#endif
