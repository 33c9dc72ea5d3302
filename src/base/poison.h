/*
 * poison: memory that is kept to be used again must not be touched meanwhile.
 * Where AddressSanitizer is linked it reports who does, as it does for freed
 * memory; elsewhere these do nothing.
 */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#include <stddef.h>

extern void __asan_poison_memory_region(const volatile void *mem, size_t n)
    __attribute__((weak));
extern void __asan_unpoison_memory_region(const volatile void *mem, size_t n)
    __attribute__((weak));

static inline void
poison_set(const void *mem, size_t n)
{
	if (__asan_poison_memory_region != NULL)
		__asan_poison_memory_region(mem, n);
}

static inline void
poison_clear(const void *mem, size_t n)
{
	if (__asan_unpoison_memory_region != NULL)
		__asan_unpoison_memory_region(mem, n);
}

#endif
