/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files that make up the engine's main part share.
 */
#ifndef ENGINE_ENGINE_INTERNAL_H
#define ENGINE_ENGINE_INTERNAL_H

#include <pthread.h>

#include "engine/channel.h"
#include "engine/engine.h"
#include "engine/io.h"
#include "engine/sender.h"
#include "engine/writer.h"

#define IO_THREADS_MAX 64

/* A channel that is listened for. */
struct served {
	struct served *next;
	struct channel *channel;
	int listener;
	struct conf_address asked;   /* as configured */
	char address[64];            /* as bound: port 0 has become a real one */
};

/* A destination that is sent to. */
struct sending {
	struct sending *next;
	struct sender *sender;
};

struct engine {
	char *path;
	pthread_mutex_t lock;        /* one reload, status or stop at a time */
	struct conf *conf;
	struct journal *journal;
	struct writer *writer;
	struct budget budget;
	struct io *io[IO_THREADS_MAX];
	unsigned nio;
	struct channel *channels;    /* every channel there ever was */
	struct served *served;
	struct sending *sending, *retired; /* retired: joined, freed when the writer has stopped */
	int64_t started_us;
	uint64_t reloads, reloads_refused;
};

#endif
