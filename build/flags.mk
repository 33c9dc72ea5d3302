# flags.mk: how our own C is compiled, for the release and for the hosted tools.
C_FLAGS := -std=gnu11 -D_GNU_SOURCE -pipe -fstack-protector-strong \
    -fno-strict-aliasing -fno-common -ffunction-sections -fdata-sections
WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wvla -Wcast-qual \
    -Werror
