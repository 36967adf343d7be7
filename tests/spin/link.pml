/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/remote/link.c within one session: requests in numbered frames, sent again until answered; the
 * replies of the last SLOTS requests kept for those that come again.
 *
 * The cable loses, duplicates and reorders up to FAULTS frames of both directions; a corrupted frame
 * is a lost one, since its MAC is wrong. Requests are sent again too early up to HASTE times, and in
 * time when nothing else happens. Then, whatever came before:
 *
 *   - each request was executed exactly once, in order;
 *   - each answer is the one of its request;
 *   - all are answered: no other end is valid.
 *
 * Numbers are modulo NUMBERS, 65536 in fact; a frame that is WINDOW or more counters late is discarded,
 * 64 in fact. A request that comes late by that much may be behind `expected` by SLOTS + WINDOW - 1: it
 * must not be taken for one that is ahead. So WINDOW <= NUMBERS - 2 * SLOTS + 1, which the defaults are at
 * the edge of.
 */
#ifndef OPS
#define OPS 7
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef NUMBERS
#define NUMBERS 6
#endif
#ifndef WINDOW
#define WINDOW 3
#endif
#ifndef FAULTS
#define FAULTS 3
#endif
#ifndef HASTE
#define HASTE 1
#endif
#define CAPACITY 3
#define COUNTERS 48

/* Counter, number modulo NUMBERS, and which operation it really is. */
chan requests = [CAPACITY] of { byte, byte, byte };
chan replies = [CAPACITY] of { byte, byte, byte };

byte faults = FAULTS, haste = HASTE;
byte executed, answered; /* operations */

/* Sends; a cable that is full loses it. */
inline transmit(cable, counter, operation)
{
	counter++;
	assert(counter < COUNTERS);
	if
	:: nfull(cable) -> cable ! counter, (operation) % NUMBERS, operation
	:: full(cable) -> skip
	fi
}

/* session_is_new() and session_note() */
#define IS_NEW(seen, came, counter) \
	(counter > seen || (seen - counter < WINDOW && !came[counter]))

#define NOTE(seen, came, counter) \
	came[counter] = true; \
	seen = (counter > seen -> counter : seen)

active proctype client()
{
	byte oldest, next, sent, n, counter, number, operation, seen;
	bool waits[SLOTS], came[COUNTERS];

	do
	:: d_step { next < OPS && next - oldest < SLOTS ->
		waits[next % SLOTS] = true;
		transmit(requests, sent, next);
		next++;
	   }
	:: d_step { replies ? counter, number, operation ->
		if
		:: IS_NEW(seen, came, counter) ->
			NOTE(seen, came, counter);
			/* The request in that slot has this number: link_reply(). */
			n = oldest;
			do
			:: n != next && n % SLOTS != number % SLOTS -> n++
			:: else -> break
			od;
			if
#ifdef NO_NUMBER
			:: n != next && waits[n % SLOTS] ->
#else
			:: n != next && waits[n % SLOTS] && n % NUMBERS == number ->
#endif
				assert(n == operation);
				assert(n < executed);
				waits[n % SLOTS] = false;
				answered++;
				do
				:: oldest != next && !waits[oldest % SLOTS] -> oldest++
				:: else -> break
				od
			:: else
			fi
		:: else
		fi;
		n = 0; counter = 0; number = 0; operation = 0
	   }
#ifndef NO_RESEND
	:: d_step { haste > 0 && oldest != next -> /* too early: any of them */
		haste--;
		transmit(requests, sent, oldest);
	   }
	:: d_step { haste > 0 && next - oldest > 1 && waits[(next - 1) % SLOTS] ->
		haste--;
		transmit(requests, sent, next - 1);
	   }
	:: timeout && oldest != next -> d_step {
		n = oldest;
		do
		:: n != next ->
			if
			:: waits[n % SLOTS] -> transmit(requests, sent, n)
			:: else
			fi;
			n++
		:: else -> break
		od;
		n = 0
	   }
#endif
	:: answered == OPS -> break
	od;
	assert(executed == OPS)
}

/* The server: link_request() and link_replied(). Serving takes a while: other frames come meanwhile. */
#define FREE	0
#define EARLY	1
#define SERVED	2
#define REPLIED 3

inline execute()
{
	busy = true;
	use[operation % SLOTS] = SERVED;
	number_of[operation % SLOTS] = number;
	/* Which one it really is: exactly once, and in order. */
	assert(operation == executed);
	executed++;
	serving = operation
}

active proctype server()
{
	byte expected, sent, counter, number, operation, ahead, seen, serving;
	byte use[SLOTS], number_of[SLOTS], content[SLOTS];
	bool busy, came[COUNTERS];

end:	do
	:: d_step { requests ? counter, number, operation ->
		if
		:: IS_NEW(seen, came, counter) ->
			NOTE(seen, came, counter);
			ahead = (number + NUMBERS - expected) % NUMBERS;
			if
			:: ahead == 0 && !busy -> execute()
#ifdef NO_ORDER
			:: ahead > 0 && ahead < SLOTS && !busy -> execute(); expected = number
			:: ahead > 0 && ahead < SLOTS && busy -> skip
#else
			:: ahead > 0 && ahead < SLOTS ->
				use[number % SLOTS] = EARLY;
				number_of[number % SLOTS] = number;
				content[number % SLOTS] = operation
#endif
			:: (ahead == 0 && busy) || ahead >= SLOTS ->
				if
				:: use[number % SLOTS] == REPLIED &&
				   number_of[number % SLOTS] == number ->
#ifdef NO_CACHE
					execute()
#else
					transmit(replies, sent, content[number % SLOTS])
#endif
				:: else
				fi
			fi
		:: else
		fi;
		counter = 0; number = 0; operation = 0; ahead = 0
	   }
	:: d_step { busy ->
		busy = false;
		use[expected % SLOTS] = REPLIED;
		content[expected % SLOTS] = serving;
		transmit(replies, sent, serving);
		expected = (expected + 1) % NUMBERS;
		if
		:: use[expected % SLOTS] == EARLY && number_of[expected % SLOTS] == expected ->
			operation = content[expected % SLOTS];
			number = expected;
			execute();
			operation = 0; number = 0
		:: else
		fi
	   }
	od
}

inline disturb(cable)
{
	d_step { faults > 0 && nempty(cable) -> faults--; cable ? counter, number, operation };
	if
	:: skip /* lost */
	:: atomic { nfull(cable) -> cable ! counter, number, operation } /* behind those that follow */
	:: atomic { len(cable) < CAPACITY - 1 ->
		cable ! counter, number, operation;
		cable ! counter, number, operation }
	fi;
	counter = 0; number = 0; operation = 0
}

active proctype cable_faults()
{
	byte counter, number, operation;

end:	do
	:: atomic { faults > 0 && nempty(requests) -> disturb(requests) }
	:: atomic { faults > 0 && nempty(replies) -> disturb(replies) }
	od
}
