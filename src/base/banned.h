/*
 * banned: what may not be called, as a compile error that names the way out.
 * The last include of every .c file. Python's headers must come before.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#define BANNED(name, instead) name##_is_banned_use_##instead

#undef strcpy
#define strcpy(d, s) BANNED(strcpy, str_to_z)
#undef strcat
#define strcat(d, s) BANNED(strcat, buf_put)
#undef strncpy
#define strncpy(d, s, n) BANNED(strncpy, str_to_z)
#undef sprintf
#define sprintf(...) BANNED(sprintf, snprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, vsnprintf)
#undef strtok
#define strtok(s, d) BANNED(strtok, str_cut)
#undef gets
#define gets(s) BANNED(gets, fd_read)
#undef atoi
#define atoi(s) BANNED(atoi, num_dec)
#undef strtoul
#define strtoul(s, e, b) BANNED(strtoul, num_dec)
#undef alloca
#define alloca(n) BANNED(alloca, arena_alloc)

#endif
