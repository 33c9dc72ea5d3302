/*
 * config_words: a line of text divided into words as a shell would: spaces
 * divide, quotes hold together, a backslash takes what follows as it is.
 */
#ifndef CONFIG_CONFIG_WORDS_H
#define CONFIG_CONFIG_WORDS_H

/*
 * Takes the next word off *text, in place, NUL-terminated, to *word. 1; 0: no
 * more words; -E_BAD_VALUE: a quote or a backslash that nothing follows.
 */
int config_words_next(char **text, char **word);

#endif
