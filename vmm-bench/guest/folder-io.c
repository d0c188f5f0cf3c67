// What programs do in a folder, one after the other: folder-io DIRECTORY MIB FILES prints "result NAME FIGURE" for each. Figures are MiB or files a second.
// Each part begins without the guest's caches, but for the second look of "status".
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE (1 << 20)
#define SMALL 2048
#define DIRECTORIES 20

static char buffer[PIECE];
static int files, seen;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void forget(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	sync();
	if (fd < 0 || write(fd, "3", 1) != 1)
		fail("drop_caches");
	close(fd);
}

static void tell(const char *name, double amount, double since)
{
	printf("result %s %.1f\n", name, amount / (now() - since));
	fflush(stdout);
}

static void sequential(int mib)
{
	int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0644);
	double since = now();

	for (int i = 0; i < mib; i++)
		if (write(fd, buffer, PIECE) != PIECE)
			fail("write");
	if (fsync(fd))
		fail("fsync");
	tell("seq-write-MiB/s", mib, since);
	close(fd);
	forget();
	fd = open("big", O_RDONLY);
	since = now();
	for (int i = 0; i < mib; i++)
		if (read(fd, buffer, PIECE) != PIECE)
			fail("read");
	tell("seq-read-MiB/s", mib, since);
	close(fd);
	unlink("big");
}

static char *path(int i)
{
	static char text[64];

	sprintf(text, "tree/d%d/file-%d", i % DIRECTORIES, i);
	return text;
}

// As tar does: each file is made, written, and given its owner, mode and time.
static void untar(void)
{
	struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
	double since;

	forget();
	since = now();
	mkdir("tree", 0755);
	for (int i = 0; i < DIRECTORIES; i++) {
		char name[32];

		sprintf(name, "tree/d%d", i);
		mkdir(name, 0755);
	}
	for (int i = 0; i < files; i++) {
		int fd = open(path(i), O_WRONLY | O_CREAT | O_EXCL, 0600);

		if (fd < 0 || write(fd, buffer, SMALL) != SMALL || futimens(fd, times) || fchown(fd, 0, 0) || fchmod(fd, 0644) || close(fd))
			fail(path(i));
	}
	tell("untar-files/s", files, since);
}

static int see(const char *name, const struct stat *status, int type, struct FTW *where)
{
	seen++;
	return 0;
}

static void find(void)
{
	double since;

	forget();
	seen = 0;
	since = now();
	if (nftw("tree", see, 16, FTW_PHYS) || seen != files + DIRECTORIES + 1)
		fail("nftw");
	tell("find-files/s", seen, since);
}

// As git status does: each file that it knows is looked at, and each directory is listed for others.
static void look(void)
{
	struct stat status;

	for (int i = 0; i < files; i++)
		if (lstat(path(i), &status))
			fail(path(i));
	for (int i = 0; i < DIRECTORIES; i++) {
		char name[32];
		DIR *directory;

		sprintf(name, "tree/d%d", i);
		directory = opendir(name);
		while (readdir(directory))
			;
		closedir(directory);
	}
}

static void status(void)
{
	double since;

	forget();
	since = now();
	look();
	tell("status-files/s", files, since);
	since = now();
	look();
	tell("status-again-files/s", files, since);
}

static int gone(const char *name, const struct stat *status, int type, struct FTW *where)
{
	return remove(name);
}

static void clear(void)
{
	double since;

	forget();
	since = now();
	if (nftw("tree", gone, 16, FTW_PHYS | FTW_DEPTH))
		fail("remove");
	tell("remove-files/s", files, since);
}

int main(int argc, char **argv)
{
	if (argc != 4 || chdir(argv[1])) {
		fprintf(stderr, "usage: folder-io DIRECTORY MIB FILES\n");
		return 2;
	}
	memset(buffer, 'x', sizeof buffer);
	files = atoi(argv[3]);
	sequential(atoi(argv[2]));
	untar();
	find();
	status();
	clear();
	return 0;
}
