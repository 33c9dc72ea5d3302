/*
 * main_server: `greencorn [OPTIONS] [APP_MODULE]`: from the command line and
 * the environment to a running server.
 */
#ifndef MAIN_SERVER_H
#define MAIN_SERVER_H

/* Serves, or says why not. Returns the process's exit status. */
int server_main(int argc, char **argv);

#endif
