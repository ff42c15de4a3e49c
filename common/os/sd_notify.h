/*
 * sd_notify: notifications to the service manager by the protocol of sd_notify(3): one datagram to
 * the socket in $NOTIFY_SOCKET. Without that variable nothing is sent. Errors are ignored.
 */
#ifndef CONFAB_SD_NOTIFY_H
#define CONFAB_SD_NOTIFY_H

#include <sys/types.h>

/* READY=1: the service has started, or a reload has ended. */
void sd_notify_ready(void);

/* READY=1 and MAINPID: this process replaces the main process, which is about to exit. */
void sd_notify_main(void);

/* Another process has become the main process: this one sends nothing from now on. */
void sd_notify_leave(void);

/* Takes over the watchdog of the predecessor, if the service manager set one. To be called before
 * there are threads. */
void sd_notify_inherit(pid_t predecessor);

/* RELOADING=1: a reload begins; sd_notify_ready() must follow. */
void sd_notify_reloading(void);

/* STOPPING=1: the shutdown begins. */
void sd_notify_stopping(void);

/* WATCHDOG=1: to be called often from the main loop. Sends only as often as the watchdog of this
 * process (sd_watchdog_enabled(3)) needs, and nothing without one. For one thread. */
void sd_notify_alive(void);

#endif
