/* A resolver for tests, preloaded into a program: the addresses of a name ending in .test are the
 * next line of the file $RESOLVER_ANSWERS, whose first line is the number of lines used; the line
 * "hang" stands for a name server that does not answer.
 * Connections to the address 8.8.8.8, which stands for a host of the internet, go to this host. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Copies the next line to `line`; the last one is repeated. */
static void next_line(char *line, int size) {
    char lines[32][256];
    int used = 0, count = 0;
    FILE *file = fopen(getenv("RESOLVER_ANSWERS"), "r");
    if (fscanf(file, "%d\n", &used) != 1)
        abort();
    while (count < 32 && fgets(lines[count], sizeof(lines[count]), file))
        count++;
    fclose(file);
    snprintf(line, (size_t)size, "%s", lines[used < count ? used : count - 1]);
    file = fopen(getenv("RESOLVER_ANSWERS"), "w");
    fprintf(file, "%d\n", used + 1);
    for (int i = 0; i < count; i++)
        fputs(lines[i], file);
    fclose(file);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
    char line[256], *rest = line, *word;
    struct addrinfo *first = NULL, **last = &first;
    if (!node || strlen(node) < 5 || strcmp(node + strlen(node) - 5, ".test") != 0)
        return real(node, service, hints, result);
    pthread_mutex_lock(&mutex);
    next_line(line, sizeof(line));
    if (strcmp(line, "hang\n") == 0) {
        pthread_mutex_unlock(&mutex);
        pause();
    }
    while ((word = strsep(&rest, " \n")))
        if (*word && real(word, service, hints, last) == 0)
            while (*last)
                last = &(*last)->ai_next;
    pthread_mutex_unlock(&mutex);
    *result = first;
    return first ? 0 : EAI_NONAME;
}

int connect(int fd, const struct sockaddr *address, socklen_t len) {
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;
    struct sockaddr_in here;
    if (address->sa_family != AF_INET || four->sin_addr.s_addr != inet_addr("8.8.8.8"))
        return real(fd, address, len);
    here = *four;
    here.sin_addr.s_addr = inet_addr("127.0.0.1");
    return real(fd, (struct sockaddr *)&here, sizeof(here));
}
