/* Write a region's snapshot and control block in the byte order of this machine.
 *
 *     foreign_header PATH SCHEMA_HASH BOOT_ID
 *
 * Compiled for a big-endian machine it writes what a writer there would have written; region.h itself
 * refuses to be compiled there. One factor "a", two records.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    static unsigned char file[8192 + 2 * 128];
    uint32_t count = 1, four[] = {4096, 1, 128, 2}, version = 1, byte_order = 0x01020304;
    uint16_t length = 1;
    double value = 1.5;
    uint64_t magic = 0x314e4948504c4f44, size = sizeof file, hash = strtoull(argv[2], NULL, 10);
    uint64_t timestamp = 1700000000000000000, stream = 7, first = 1, published = 1;
    memcpy(file, &timestamp, 8);
    memcpy(file + 8, &count, 4);
    memcpy(file + 12, &length, 2);
    file[14] = 'a';
    memcpy(file + 15, &value, 8);
    unsigned char *control = file + 4096;
    memcpy(control, &magic, 8);
    memcpy(control + 8, &version, 4);
    memcpy(control + 12, &byte_order, 4);
    memcpy(control + 16, &size, 8);
    memcpy(control + 24, four, 16);
    memcpy(control + 40, &hash, 8);
    memcpy(control + 48, &stream, 8);
    memcpy(control + 56, &first, 8);
    for (int i = 0; i < 16; i++) {
        unsigned byte;
        if (sscanf(argv[3] + 2 * i, "%2x", &byte) != 1)
            return 2;
        control[64 + i] = (unsigned char)byte;
    }
    memcpy(control + 192, &published, 8);
    FILE *out = fopen(argv[1], "wb");
    if (!out || fwrite(file, sizeof file, 1, out) != 1 || fclose(out))
        return 1;
    return 0;
}
