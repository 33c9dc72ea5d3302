/*
 * template: the Python parent of one generation. It reads the configuration
 * file and hands it over as data, preloads what is asked for, and forks
 * workers that become children of the arbiter. Nobody waits for its hooks.
 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

struct heritage;

/*
 * The role's run: returns the exit status when the arbiter closes the link
 * (0), or when the generation cannot be made (1 configuration, 3 boot, 4
 * application; the reason is in the log). Workers leave it by _exit.
 */
int template_run(struct heritage *h);

#endif
