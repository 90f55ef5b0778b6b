/* What every scenario is made of: region files, a waiters page, FIFOs, and what was written. */
#ifndef DOLPHIN_WORLD_H
#define DOLPHIN_WORLD_H

#include "region.h"

#include "machine.h"

#define FILES 2
#define FACTORS 2
#define MOST_CAPACITY 8
#define MOST_RECORDS 16
#define RECORD_SIZE 128
#define FIFOS 4

/* Outcomes that must never come about. outcomes.py has the same, with what each means. */
#define TORN "torn record"
#define ORDER "record out of order"
#define UNCOUNTED "record lost without a count"
#define TOO_EARLY "readable record counted as lost"
#define ELSEWHERE "record in another slot than documented"
#define CONTRADICTION "sound region reported as contradictory"
#define UNSEEN "record that a watching reader is not told of"
#define MOVED_EARLY "moved before the last record was read"
#define NOT_MOVED "moved region not reported"
#define LOST_WAKE "lost wake-up"
#define LEAKED_BIT "request for a wake-up left behind"
#define UNASKED "wake-up that nobody asked for"
#define SNAPSHOT_TORN "torn snapshot"
#define SNAPSHOT_OLD "snapshot is not of the newest record"
#define KILLED_LOSS "committed record lost by a kill"
#define NOT_CONTINUED "restarted writer does not continue"
#define TIME_BACK "time of a record goes back"
#define STATUS_OLD "state shown with the numbers of an earlier writer"
#define BEYOND "more records than the batch has room for"
#define WRONG_BEAT "heartbeat that was never written"

/* Which words of a record are explored, and which are alone. */
#define WORD_EVENT 1u
#define WORD_WALL 2u
#define WORD_MONO 4u
#define WORD_WRITER 8u
#define WORD_FIRST 16u
#define WORD_LAST 32u
#define WORDS_ALL 63u
#define CONTROL_PUBLISHED 1u
#define CONTROL_STATE 2u
#define CONTROL_BEAT 4u
#define CONTROL_WRITER 8u
#define SNAPSHOT 16u
#define SLOTS 32u

struct world_file {
    struct region_control control;
    _Alignas(64) uint8_t ring[MOST_CAPACITY * RECORD_SIZE];
    _Alignas(64) uint8_t snapshot[64];
    uint32_t value_offsets[FACTORS];
    uint32_t capacity;
};

/* A record as its writer knows it. */
struct truth {
    int is_written;
    int64_t ts_event, wall_ns, mono_ns;
    uint64_t writer_id;
};

struct got {
    uint64_t sequence;
    struct region_record header;
    double values[FACTORS + 1];
    int file;
};

extern struct world_file files[FILES];
extern struct region_waiters page;
extern struct region_writer writer;
extern struct region_reader reader, other;
extern struct truth truth[MOST_RECORDS];
extern struct got got[MOST_RECORDS];
extern int got_count;

/* The FIFO of waiter N at its path, and each FIFO that ever was there. */
extern uint64_t fifo_at_path[2];
extern uint64_t fifo_bytes[FIFOS];
extern int fifo_is_dead[FIFOS];
/* Writes to FIFOs, also those that failed; whether a SIGPIPE was left unhandled. */
extern int fifo_writes, sigpipe_is_pending, wakings;
/* Whether the wall clock goes back, and event times with it. */
extern int wall_steps_back;
/* The words of records that are explored; the others are not compared. */
extern unsigned explored_words;
extern const char *const WORD_NAMES[];

/* Make a file without records, whose first has this sequence; `words` and `control` tell what is
 * explored. */
void world_begin(void);
void system_begin(void);
void make_file(int file, uint32_t capacity, uint64_t first, unsigned words, unsigned control);
void make_page(enum model_kind sleeping, enum model_kind generation);
void open_writer(struct region_writer *w, int file, uint64_t writer_id);
void open_reader(struct region_reader *r, int file);

/* Publish the next record of a file, and remember it. */
void publish_next(int file);
/* A writer moves to the next file and writes its first record, as the Python code does: the file,
 * which may have the record already, then the mark in the old one. */
void move_to_file(int file, int with_record);
/* After the writer was killed: another one takes the file over. */
void start_again(int file);
uint64_t last_mono_ns(void);

void drain_fifo(uint32_t slot);
uint64_t fifo_bytes_of(uint32_t slot);

/* Read a record and keep it; returns the result of the call. */
int take(struct region_reader *r, int file, int latest);
/* After all threads: what was read is what was written, in order, and nothing is unaccounted. */
void check_taken(const struct region_reader *r, uint64_t from, uint64_t published);
void check_record(const struct got *g);
void check_result(int result);
/* Records lie where the format's page says, and their slots show them. */
void check_places(int file, uint64_t published);
/* A reader that reads on reaches the newest record without loss but what the ring dropped. */
void read_to_end(struct region_reader *r, int file);

/* The snapshot holds the newest record. */
void check_final_snapshot(int file);

uint64_t bits_of(double value);
double value_of(uint64_t n, int file, int index);

#endif
