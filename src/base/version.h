/*
 * version: the one place where greencorn's own version stands.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define GREENCORN_VERSION "0.1.0"

#endif
