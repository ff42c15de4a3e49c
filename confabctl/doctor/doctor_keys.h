/*
 * doctor_keys: the keys of the site's tokens (jwt_keys), for `confabctl check` and the doctor.
 */
#ifndef CONFAB_CONFABCTL_DOCTOR_DOCTOR_KEYS_H
#define CONFAB_CONFABCTL_DOCTOR_DOCTOR_KEYS_H

#include "config/config.h"
#include "doctor/doctor.h"

/* Checks the file of keys as the service user sees it, and the options that go with it. */
void doctor_keys_check(const struct config *config, struct doctor_result *result);

#endif
