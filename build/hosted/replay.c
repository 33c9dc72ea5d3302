/*
 * Drives a fuzz target over the files and folders that it is given, once
 * each: how past findings are kept from coming back where no fuzzer is.
 * Prints the number of inputs.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
replay_file(const char *path)
{
	uint8_t *data;
	long len;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return -1;
	if (fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 0 ||
	    fseek(f, 0, SEEK_SET) != 0) {
		fclose(f);
		return -1;
	}
	/* Exactly as large as the input, so that reading past it is seen. */
	data = malloc(len > 0 ? (size_t)len : 1);
	if (data == NULL || fread(data, 1, (size_t)len, f) != (size_t)len) {
		fclose(f);
		free(data);
		return -1;
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)len);
	free(data);
	return 0;
}

static int
replay_folder(const char *path, DIR *dir)
{
	char name[4096];
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		if (replay_file(name) != 0) {
			perror(name);
			return -1;
		}
		n++;
	}
	return n;
}

int
main(int argc, char **argv)
{
	int i, n, total = 0;

	for (i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);

		n = dir == NULL ? 1 : replay_folder(argv[i], dir);
		if (dir != NULL)
			closedir(dir);
		else if (replay_file(argv[i]) != 0)
			n = -1;
		if (n < 0)
			return 1;
		total += n;
	}
	/* Nothing at all is an input too. */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("%d inputs\n", total + 1);
	return 0;
}
