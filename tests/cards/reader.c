/* A reader that virtual ones are not: with a PIN pad, or one that is unplugged. Preloaded into the program, it stands between it and the system's
 * library, and does to the card what such a reader would do (PC/SC specification, part 10).
 *
 * PAD         direct or steps: how the PIN is taken
 * PAD_FINGERS what the person does: digits, "cancel", "wait", "short"
 * PAD_LOG     a file that gets what the program asked for, in hex
 * UNPLUGGED   how many commands the reader lives for
 * RESETTING   how often a connection finds the reader resetting the card
 * BETWEEN     another program's command, which is run after the second transaction */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#define FEATURES SCARD_CTL_CODE(3400)
#define START 0x42330001
#define FINISH 0x42330002
#define DIRECT 0x42330006
#define HEAD 19

static unsigned char asked[300];
static DWORD asked_length;
static int commands;

typedef LONG transmit(SCARDHANDLE, const SCARD_IO_REQUEST *, LPCBYTE, DWORD, SCARD_IO_REQUEST *, LPBYTE, LPDWORD);
typedef LONG control(SCARDHANDLE, DWORD, LPCVOID, DWORD, LPVOID, DWORD, LPDWORD);
typedef LONG connected(SCARDCONTEXT, LPCSTR, DWORD, DWORD, LPSCARDHANDLE, LPDWORD);
typedef LONG ended(SCARDHANDLE, DWORD);
typedef LONG changed(SCARDCONTEXT, DWORD, SCARD_READERSTATE *, DWORD);

static int is_unplugged(void)
{
    const char *lives = getenv("UNPLUGGED");
    return lives != NULL && commands > atoi(lives);
}

LONG SCardTransmit(SCARDHANDLE card, const SCARD_IO_REQUEST *from, LPCBYTE command, DWORD length, SCARD_IO_REQUEST *to,
                   LPBYTE answer, LPDWORD answer_length)
{
    transmit *real = (transmit *)dlsym(RTLD_NEXT, "SCardTransmit");
    commands++;
    if (is_unplugged())
        return SCARD_E_READER_UNAVAILABLE;
    return real(card, from, command, length, to, answer, answer_length);
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD limit, SCARD_READERSTATE *states, DWORD count)
{
    changed *real = (changed *)dlsym(RTLD_NEXT, "SCardGetStatusChange");
    return is_unplugged() ? SCARD_E_UNKNOWN_READER : real(context, limit, states, count);
}

LONG SCardConnect(SCARDCONTEXT context, LPCSTR reader, DWORD mode, DWORD protocols, LPSCARDHANDLE card, LPDWORD protocol)
{
    static int times;
    connected *real = (connected *)dlsym(RTLD_NEXT, "SCardConnect");
    const char *resetting = getenv("RESETTING");
    if (resetting != NULL && times++ < atoi(resetting))
        return SCARD_E_PROTO_MISMATCH;
    return real(context, reader, mode, protocols, card, protocol);
}

LONG SCardEndTransaction(SCARDHANDLE card, DWORD disposition)
{
    static int transactions;
    ended *real = (ended *)dlsym(RTLD_NEXT, "SCardEndTransaction");
    LONG result = real(card, disposition);
    const char *other = getenv("BETWEEN");
    if (other != NULL && ++transactions == 2) {
        unsetenv("LD_PRELOAD");
        if (system(other) != 0)
            abort();
    }
    return result;
}

static LONG says(unsigned char first, unsigned char second, LPVOID answer, DWORD room, LPDWORD length)
{
    unsigned char word[2] = {first, second};
    if (room < 2)
        return SCARD_E_INSUFFICIENT_BUFFER;
    memcpy(answer, word, 2);
    *length = 2;
    return SCARD_S_SUCCESS;
}

/* The person enters the PIN, and the reader writes it into the command. */
static LONG entered(SCARDHANDLE card, LPVOID answer, DWORD room, LPDWORD length)
{
    const char *fingers = getenv("PAD_FINGERS");
    if (strcmp(fingers, "wait") == 0)
        return says(0x64, 0x00, answer, room, length);
    if (strcmp(fingers, "cancel") == 0)
        return says(0x64, 0x01, answer, room, length);
    size_t digits = strlen(fingers);
    if (strcmp(fingers, "short") == 0 || digits < asked[6] || digits > asked[5])
        return says(0x64, 0x03, answer, room, length);
    unsigned char command[300];
    DWORD command_length = asked_length - HEAD, answer_length = room;
    memcpy(command, asked + HEAD, command_length);
    memcpy(command + 5, fingers, digits);
    LONG result = SCardTransmit(card, SCARD_PCI_T1, command, command_length, NULL, answer, &answer_length);
    *length = answer_length;
    return result;
}

static void keep(LPCVOID structure, DWORD length)
{
    asked_length = length < sizeof asked ? length : sizeof asked;
    memcpy(asked, structure, asked_length);
    FILE *log = fopen(getenv("PAD_LOG"), "a");
    if (log == NULL)
        abort();
    for (DWORD at = 0; at < asked_length; at++)
        fprintf(log, "%02X", asked[at]);
    fputc('\n', log);
    fclose(log);
}

LONG SCardControl(SCARDHANDLE card, DWORD code, LPCVOID command, DWORD length, LPVOID answer, DWORD room, LPDWORD answer_length)
{
    static const unsigned char direct[] = {0x06, 4, 0x42, 0x33, 0x00, 0x06};
    static const unsigned char steps[] = {0x01, 4, 0x42, 0x33, 0x00, 0x01, 0x02, 4, 0x42, 0x33, 0x00, 0x02};
    const char *pad = getenv("PAD");
    if (pad == NULL) {
        control *real = (control *)dlsym(RTLD_NEXT, "SCardControl");
        return real(card, code, command, length, answer, room, answer_length);
    }
    int is_direct = strcmp(pad, "direct") == 0;
    *answer_length = 0;
    switch (code) {
    case FEATURES:
        *answer_length = is_direct ? sizeof direct : sizeof steps;
        if (room < *answer_length)
            return SCARD_E_INSUFFICIENT_BUFFER;
        memcpy(answer, is_direct ? direct : steps, *answer_length);
        return SCARD_S_SUCCESS;
    case DIRECT:
        keep(command, length);
        return entered(card, answer, room, answer_length);
    case START:
        keep(command, length);
        return SCARD_S_SUCCESS;
    case FINISH:
        return entered(card, answer, room, answer_length);
    default:
        return SCARD_E_INVALID_PARAMETER;
    }
}
