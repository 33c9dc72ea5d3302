/*
 * admin: the process that answers probes: GET /livez, /readyz, /startupz
 * and /statusz over HTTP/1.1 on the admin address. In C, without privileges;
 * it only reads the scoreboard, and its death disturbs nobody.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

struct heritage;

#define ADMIN_CONNS_MAX 32   /* one more: the oldest is closed */
#define ADMIN_HEAD_MAX 8192  /* bytes of a request */
#define ADMIN_HEAD_MS 2000   /* for a request to come */
#define ADMIN_LINGER_MS 1000 /* for its sender to close after the answer */
#define ADMIN_STALE_MS 10000 /* an arbiter silent for that long is stuck */
#define ADMIN_HEALTH_MS 2000 /* all of `greencorn health` */

/*
 * The admin process, on h->admin_listener; a row of roles[]. Blocks all
 * signals: it answers until the arbiter kills it, at the very end of a stop,
 * or dies. Returns an exit status when its listener fails.
 */
int admin_run(struct heritage *h);

/*
 * `greencorn health [--live]`: asks the admin process of GREENCORN_ADMIN_BIND
 * (127.0.0.1:9000 when unset) for /readyz, or /livez. argv[0] is "health".
 * Returns the exit status: 0 when all is well; 1 after one line on standard
 * error that says why not; 2 for arguments that it does not know.
 */
int admin_health_main(int argc, char **argv);

#endif
