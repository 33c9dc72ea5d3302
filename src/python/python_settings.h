/*
 * python_settings: the built-in module _greencorn_settings: the settings table
 * for every Python, and what holds in this server.
 */
#ifndef PYTHON_PYTHON_SETTINGS_H
#define PYTHON_PYTHON_SETTINGS_H

struct _object; /* PyObject */
struct config;

/* The module's PyInit function. */
struct _object *python_settings_module(void);

/* From here on values() speaks of cfg, which stays. */
void python_settings_use(const struct config *cfg);

#endif
