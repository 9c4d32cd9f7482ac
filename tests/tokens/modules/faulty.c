/* A module with a fault, which the variable FAULT names: WHAT or WHAT:FUNCTION. It is SoftHSM, or the one that the variable MODULE names.
 * The variable CALLS names a file in which logins are noted. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long rv;
typedef rv (*function)();
struct list { unsigned char version[2]; function functions[68]; };
struct attribute { unsigned long type; void *value; unsigned long length; };
struct mechanism { unsigned long type; void *parameter; unsigned long length; };
struct ecdh { unsigned long kdf, shared_length; void *shared; unsigned long point_length; unsigned char *point; };
struct token { char texts[32 + 32 + 16 + 16]; unsigned long flags; };

enum { GENERAL_ERROR = 5, FUNCTION_CANCELED = 0x50, MECHANISM_INVALID = 0x70, PARAM_INVALID = 0x71,
       TEMPLATE_INCONSISTENT = 0xD1, NOT_LOGGED_IN = 0x101 };
enum { INITIALIZE = 0, SLOT_LIST = 4, TOKEN_INFO = 6, MECHANISM_LIST = 7, LOGIN = 18, ATTRIBUTES = 24, FIND = 27,
       SIGN_INIT = 42, SIGN = 43, SIGN_UPDATE = 44, SIGN_FINAL = 45, DERIVE = 62 };

static struct { const char *name; int at; } names[] = {
  { "C_Initialize", INITIALIZE }, { "C_GetSlotList", SLOT_LIST }, { "C_GetTokenInfo", TOKEN_INFO }, { "C_Login", LOGIN },
  { "C_FindObjects", FIND }, { "C_Sign", SIGN }, { "C_DeriveKey", DERIVE }, { "C_Finalize", 1 },
};

static struct list own, theirs;

/* Whatever the function is. */
static rv hangs() {
  for (;;) pause();
  return 0;
}
static rv aborts() { abort(); }
static rv faults() { *(volatile int *)8 = 1; return 0; }
static rv exits() { _exit(0); }
/* Starts a process, whose number it notes, and hangs. */
static rv forks() {
  pid_t child = fork();
  FILE *calls = child ? fopen(getenv("CALLS"), "w") : NULL;
  if (calls) fprintf(calls, "%d\n", child), fclose(calls);
  return hangs();
}
static rv cancels() { return FUNCTION_CANCELED; }
static rv fails_by_itself() { return 0x80000001; }
static rv lacks() { return MECHANISM_INVALID; }

static rv prints(void *arguments) {
  char line[64];
  puts("a module that prints");
  printf("%c%c%c%c", 0, 0, 0, 1);
  fflush(stdout);
  fputs("and complains\n", stderr);
  (void)!fgets(line, sizeof line, stdin);
  return theirs.functions[INITIALIZE](arguments);
}

/* Absurd numbers. */
static rv many_slots(int present, unsigned long *slots, unsigned long *count) {
  (void)present, (void)slots;
  *count = 1UL << 60;
  return 0;
}
/* Twenty slots before those that are there. */
static rv crowd(int present, unsigned long *slots, unsigned long *count) {
  unsigned long more = 20, theirs_room = slots && *count > more ? *count - more : 0;
  rv result = theirs.functions[SLOT_LIST](present, slots ? slots + more : NULL, &theirs_room);
  for (unsigned long at = 0; slots && at < more; at++) slots[at] = 0x7000000 + at;
  *count = more + theirs_room;
  return result;
}
static rv many_mechanisms(unsigned long slot, unsigned long *list, unsigned long *count) {
  (void)slot, (void)list;
  *count = 1UL << 33;
  return 0;
}
static rv no_mechanisms(unsigned long slot, unsigned long *list, unsigned long *count) {
  (void)slot, (void)list;
  *count = 0;
  return 0;
}
static rv many_objects(unsigned long session, unsigned long *objects, unsigned long most, unsigned long *count) {
  (void)session, (void)objects, (void)most;
  *count = 1UL << 40;
  return 0;
}
static rv endless_objects(unsigned long session, unsigned long *objects, unsigned long most, unsigned long *count) {
  (void)session;
  for (unsigned long at = 0; at < most; at++) objects[at] = 1;
  *count = most;
  return 0;
}
static rv long_values(unsigned long session, unsigned long object, struct attribute *wanted, unsigned long count) {
  (void)session, (void)object;
  for (unsigned long at = 0; at < count; at++) wanted[at].length = 1UL << 62;
  return 0;
}
static rv long_secret(unsigned long session, unsigned long object, struct attribute *wanted, unsigned long count) {
  rv result = theirs.functions[ATTRIBUTES](session, object, wanted, count);
  if (count == 1 && wanted->type == 0x11) {
    if (wanted->value) memset(wanted->value, 7, 400);
    wanted->length = 400;
    return 0;
  }
  return result;
}

/* Flags of the token: FAULT=flags:NUMBER. */
static unsigned long more_flags;
static rv flagged(unsigned long slot, struct token *info) {
  rv result = theirs.functions[TOKEN_INFO](slot, info);
  info->flags |= more_flags;
  return result;
}
/* The PIN of the token with this label is blocked: FAULT=locked:LABEL. */
static const char *locked_label;
static rv locks(unsigned long slot, struct token *info) {
  rv result = theirs.functions[TOKEN_INFO](slot, info);
  if (!strncmp(info->texts, locked_label, strlen(locked_label))) info->flags |= 0x40000;
  return result;
}
/* Another token takes its place. */
static rv another(unsigned long slot, struct token *info) {
  static int before;
  rv result = theirs.functions[TOKEN_INFO](slot, info);
  if (info->flags & 0x400 && before++) memcpy(info->texts + 80, "another one     ", 16);
  return result;
}
static rv pad_login(unsigned long session, unsigned long user, char *pin, unsigned long length) {
  (void)length;
  if (pin) return GENERAL_ERROR;
  return theirs.functions[LOGIN](session, user, "1234", 4UL);
}
static rv pad_cancelled(unsigned long session, unsigned long user, char *pin, unsigned long length) {
  (void)session, (void)user, (void)length;
  return pin ? GENERAL_ERROR : FUNCTION_CANCELED;
}

/* Takes points in DER only, and no length. */
static rv derives_from_der(unsigned long session, struct mechanism *how, unsigned long key, struct attribute *template,
                           unsigned long count, unsigned long *derived) {
  struct ecdh *ecdh = how->parameter;
  if (ecdh->point_length != 2UL + ecdh->point[1] && ecdh->point_length != 3UL + ecdh->point[2]) return PARAM_INVALID;
  for (unsigned long at = 0; at < count; at++)
    if (template[at].type == 0x161) return TEMPLATE_INCONSISTENT;
  return theirs.functions[DERIVE](session, how, key, template, count, derived);
}

/* Forgets once that somebody has logged in. */
static rv derives_later(unsigned long session, struct mechanism *how, unsigned long key, struct attribute *template,
                        unsigned long count, unsigned long *derived) {
  static int before;
  if (!before++) {
    theirs.functions[19](session);
    return NOT_LOGGED_IN;
  }
  return theirs.functions[DERIVE](session, how, key, template, count, derived);
}

static rv signs_wrongly(unsigned long session, char *data, unsigned long length, char *signature, unsigned long *size) {
  rv result = theirs.functions[SIGN](session, data, length, signature, size);
  if (signature) signature[9] ^= 1;
  return result;
}

/* Wants the PIN for each signature, after it was begun. */
static int confirmed;
static char pending[128];
static unsigned long pending_length;
static rv always_authenticates(unsigned long session, unsigned long object, struct attribute *wanted, unsigned long count) {
  if (count == 1 && wanted->type == 0x202) {
    *(unsigned char *)wanted->value = 1;
    return 0;
  }
  return theirs.functions[ATTRIBUTES](session, object, wanted, count);
}
static rv confirms(unsigned long session, unsigned long user, char *pin, unsigned long length) {
  if (user != 2) return theirs.functions[LOGIN](session, user, pin, length);
  confirmed = length == 4 && !memcmp(pin, "1234", 4);
  return confirmed ? 0 : 0xA0;
}
static rv takes(unsigned long session, char *data, unsigned long length) {
  (void)session;
  memcpy(pending, data, pending_length = length);
  return confirmed ? 0 : NOT_LOGGED_IN;
}
static rv finishes(unsigned long session, char *signature, unsigned long *size) {
  if (!confirmed) return NOT_LOGGED_IN;
  if (signature) confirmed = 0;
  return theirs.functions[SIGN](session, pending, pending_length, signature, size);
}

static function next_login;
static rv noted(unsigned long session, unsigned long user, char *pin, unsigned long length) {
  FILE *calls = fopen(getenv("CALLS"), "a");
  fputs("login\n", calls);
  fclose(calls);
  return next_login(session, user, pin, length);
}

static void at(const char *name, function instead) {
  for (unsigned long n = 0; n < sizeof names / sizeof *names; n++)
    if (!strcmp(names[n].name, name)) own.functions[names[n].at] = instead;
}

static void break_it(const char *fault) {
  const char *where = strchr(fault, ':');
  where = where ? where + 1 : "";
  if (!strncmp(fault, "hang:", 5)) at(where, hangs);
  else if (!strncmp(fault, "abort:", 6)) at(where, aborts);
  else if (!strncmp(fault, "segv:", 5)) at(where, faults);
  else if (!strncmp(fault, "exit:", 5)) at(where, exits);
  else if (!strncmp(fault, "lack:", 5)) at(where, lacks);
  else if (!strncmp(fault, "fork:", 5)) at(where, forks);
  else if (!strncmp(fault, "null:", 5)) at(where, NULL);
  else if (!strncmp(fault, "locked:", 7)) locked_label = where, own.functions[TOKEN_INFO] = locks;
  else if (!strncmp(fault, "cancel:", 7)) at(where, cancels);
  else if (!strncmp(fault, "own:", 4)) at(where, fails_by_itself);
  else if (!strcmp(fault, "crowd")) own.functions[SLOT_LIST] = crowd;
  else if (!strcmp(fault, "prints")) own.functions[INITIALIZE] = prints;
  else if (!strcmp(fault, "many slots")) own.functions[SLOT_LIST] = many_slots;
  else if (!strcmp(fault, "many mechanisms")) own.functions[MECHANISM_LIST] = many_mechanisms;
  else if (!strcmp(fault, "no mechanisms")) own.functions[MECHANISM_LIST] = no_mechanisms;
  else if (!strcmp(fault, "many objects")) own.functions[FIND] = many_objects;
  else if (!strcmp(fault, "endless objects")) own.functions[FIND] = endless_objects;
  else if (!strcmp(fault, "long values")) own.functions[ATTRIBUTES] = long_values;
  else if (!strcmp(fault, "long secret")) own.functions[ATTRIBUTES] = long_secret;
  else if (!strcmp(fault, "der only")) own.functions[DERIVE] = derives_from_der;
  else if (!strcmp(fault, "forgets")) own.functions[DERIVE] = derives_later;
  else if (!strcmp(fault, "another")) own.functions[TOKEN_INFO] = another;
  else if (!strcmp(fault, "signs wrongly")) own.functions[SIGN] = signs_wrongly;
  else if (!strncmp(fault, "flags:", 6)) more_flags = strtoul(where, NULL, 0), own.functions[TOKEN_INFO] = flagged;
  else if (!strncmp(fault, "pad", 3)) {
    more_flags = 0x100;
    own.functions[TOKEN_INFO] = flagged;
    own.functions[LOGIN] = strcmp(fault, "pad") ? pad_cancelled : pad_login;
  } else if (!strcmp(fault, "each time")) {
    own.functions[ATTRIBUTES] = always_authenticates;
    own.functions[LOGIN] = confirms;
    own.functions[SIGN] = lacks;
    own.functions[SIGN_UPDATE] = takes;
    own.functions[SIGN_FINAL] = finishes;
  }
}

rv C_GetFunctionList(struct list **out) {
  struct list *list;
  const char *module = getenv("MODULE");
  void *library = dlopen(module ? module : "/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
  rv (*get)() = library ? (rv (*)())dlsym(library, "C_GetFunctionList") : NULL;
  if (!get || get(&list)) return GENERAL_ERROR;
  memcpy(&theirs, list, sizeof theirs);
  memcpy(&own, list, sizeof own);
  if (getenv("FAULT")) break_it(getenv("FAULT"));
  if (getenv("CALLS") && own.functions[LOGIN]) next_login = own.functions[LOGIN], own.functions[LOGIN] = noted;
  *out = &own;
  return 0;
}
