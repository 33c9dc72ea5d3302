/*
 * dirty_module: the built-in module _greencorn_dirty: what gunicorn.dirty and
 * dirty workers need of C: a link, its messages, where the dirty arbiter is.
 */
#ifndef DIRTY_DIRTY_MODULE_H
#define DIRTY_DIRTY_MODULE_H

/* Before Python's start. 0 or -E_NOMEM. */
int dirty_module_announce(void);

#endif
