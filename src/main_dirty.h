/*
 * main_dirty: `greencorn dirty-arbiter SOCKET [OPTIONS]`: a dirty arbiter
 * without a server around it.
 */
#ifndef MAIN_DIRTY_H
#define MAIN_DIRTY_H

/* argv[0] is the command's word. Returns the process's exit status. */
int dirty_main(int argc, char **argv);

#endif
