/* NSS takes its database by a parameter that PKCS#11 does not know: this module hands it on from the environment. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long rv;
struct list { unsigned char version[2]; rv (*functions[68])(); };
struct arguments { void *locking[4]; unsigned long flags; char *parameters; void *reserved; };

static struct list own;
static rv (*initialize)();

static rv with_parameters(void *given) {
  struct arguments arguments = { .flags = 2, .parameters = getenv("NSS_PARAMETERS") };
  (void)given;
  return initialize(&arguments);
}

rv C_GetFunctionList(struct list **out) {
  struct list *theirs;
  void *library = dlopen("libsoftokn3.so", RTLD_NOW);
  rv (*get)() = library ? (rv (*)())dlsym(library, "C_GetFunctionList") : NULL;
  if (!get || get(&theirs)) return 5;
  memcpy(&own, theirs, sizeof own);
  initialize = own.functions[0];
  own.functions[0] = (rv (*)())with_parameters;
  *out = &own;
  return 0;
}
