/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/remote/handshake.c and session.c: how sessions begin and end, when both boards restart, frames
 * are lost, come twice, late and in any order, and somebody without the key sends captured ones again.
 *
 * What the key protects is modelled as what only its owners can make: a frame is one that was sent.
 * There are two networks:
 *
 *   - the default one remembers every frame that was ever sent, and delivers any of them at any time,
 *     or never: loss, duplication, order, delay and replays in one. What is checked with it:
 *     an operation is executed at most once, whatever happens, and exactly once if its answer came;
 *     both ends of a session have the same nonces; what was captured ends no session that both have.
 *   - with -DBOUNDED it keeps order and loses or repeats up to FAULTS frames. There, retransmission
 *     goes on until all is well: both sides are up, in one session, and the operation of that session
 *     is answered. Any other end is not valid.
 *
 * The mistakes NO_NONCE, NO_FRESH, NO_ONCE, NO_SESSION and NO_RETRY are found (scripts/spin).
 *
 * An operation is one request of the initiator's within its session; link.pml has the rest of those.
 */
#ifndef RESTARTS
#define RESTARTS 1 /* of each side */
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef NONCES
#ifdef BOUNDED
#define NONCES 6
#else
#define NONCES 2 /* of each side, never the same twice; 0 is none. 2 or 3 */
#endif
#endif
#define TRIES 2
#define PAIRS (NONCES * NONCES + 1)
#define PAIR(ours, theirs) (1 + (ours - 1) * NONCES + (theirs - 1)) /* a session's key */

mtype = { KNOCK, HELLO, CHALLENGE, PROOF, WELCOME, REQUEST, REPLY };

/* What has arrived: kind; the initiator's nonce or the session; the responder's nonce; for CHALLENGE, the
 * session that the responder has. */
chan to_initiator = [0] of { mtype, byte, byte, byte };
chan to_responder = [0] of { mtype, byte, byte, byte };

/* What both sides are in, for assertions about both. */
byte initiator_session, responder_session;
byte executed[PAIRS];
byte initiator_restarts = RESTARTS, responder_restarts = RESTARTS;

#ifdef BOUNDED

#define CAPACITY 3
chan net_to_initiator = [CAPACITY] of { mtype, byte, byte, byte };
chan net_to_responder = [CAPACITY] of { mtype, byte, byte, byte };
byte faults = FAULTS;

#define SEND(net, kind, a, b, c) \
	if \
	:: nfull(net) -> net ! kind, a, b, c \
	:: full(net) -> skip \
	fi
#define TO_INITIATOR(kind, a, b, c) SEND(net_to_initiator, kind, a, b, c)
#define TO_RESPONDER(kind, a, b, c) SEND(net_to_responder, kind, a, b, c)

#define NETWORK(name, net, to) \
	proctype name() \
	{ \
		mtype kind; \
		byte a, b, c; \
	end:	do \
		:: atomic { net ? kind, a, b, c -> to ! kind, a, b, c } \
		:: atomic { faults > 0 && nempty(net) -> faults--; net ? kind, a, b, c } \
		:: atomic { faults > 0 && nempty(net) -> faults--; \
			net ? <kind, a, b, c>; to ! kind, a, b, c } \
		od \
	}
active NETWORK(network_down, net_to_initiator, to_initiator)
active NETWORK(network_up, net_to_responder, to_responder)

#else

/* Everything that was ever sent. */
bool sent_knock, sent_hello[NONCES + 1], sent_proof[PAIRS], sent_welcome[PAIRS], sent_request[PAIRS],
	sent_reply[PAIRS];
bool sent_challenge[PAIRS * PAIRS];

#define TO_INITIATOR(kind, a, b, c) \
	if \
	:: kind == KNOCK -> sent_knock = true \
	:: kind == CHALLENGE -> sent_challenge[PAIR(a, b) * PAIRS + c] = true \
	:: kind == WELCOME -> sent_welcome[a] = true \
	:: kind == REPLY -> sent_reply[a] = true \
	fi
#define TO_RESPONDER(kind, a, b, c) \
	if \
	:: kind == HELLO -> sent_hello[a] = true \
	:: kind == PROOF -> sent_proof[PAIR(a, b)] = true \
	:: kind == REQUEST -> sent_request[a] = true \
	fi

/* One option for each frame that there can be. */
#define KNOCKS :: sent_knock -> to_initiator ! KNOCK, 0, 0, 0
#define ONE_HELLO(n) :: sent_hello[n] -> to_responder ! HELLO, n, 0, 0
#define ONE_PROOF(n, m) :: sent_proof[PAIR(n, m)] -> to_responder ! PROOF, n, m, 0
#define ONE_SESSION(n, m) \
	:: sent_welcome[PAIR(n, m)] -> to_initiator ! WELCOME, PAIR(n, m), 0, 0 \
	:: sent_request[PAIR(n, m)] -> to_responder ! REQUEST, PAIR(n, m), 0, 0 \
	:: sent_reply[PAIR(n, m)] -> to_initiator ! REPLY, PAIR(n, m), 0, 0
#define ONE_CHALLENGE(n, m, c) \
	:: sent_challenge[PAIR(n, m) * PAIRS + c] -> to_initiator ! CHALLENGE, n, m, c
#if NONCES == 2
#define EACH_C(n, m) ONE_CHALLENGE(n, m, 0) ONE_CHALLENGE(n, m, 1) ONE_CHALLENGE(n, m, 2) \
	ONE_CHALLENGE(n, m, 3) ONE_CHALLENGE(n, m, 4)
#define EACH_M(n) EACH_C(n, 1) EACH_C(n, 2) ONE_PROOF(n, 1) ONE_PROOF(n, 2) \
	ONE_SESSION(n, 1) ONE_SESSION(n, 2)
#define EACH ONE_HELLO(1) ONE_HELLO(2) EACH_M(1) EACH_M(2)
#else
#define EACH_C(n, m) ONE_CHALLENGE(n, m, 0) ONE_CHALLENGE(n, m, 1) ONE_CHALLENGE(n, m, 2) \
	ONE_CHALLENGE(n, m, 3) ONE_CHALLENGE(n, m, 4) ONE_CHALLENGE(n, m, 5) \
	ONE_CHALLENGE(n, m, 6) ONE_CHALLENGE(n, m, 7) ONE_CHALLENGE(n, m, 8) \
	ONE_CHALLENGE(n, m, 9)
#define EACH_M(n) EACH_C(n, 1) EACH_C(n, 2) EACH_C(n, 3) ONE_PROOF(n, 1) ONE_PROOF(n, 2) \
	ONE_PROOF(n, 3) ONE_SESSION(n, 1) ONE_SESSION(n, 2) ONE_SESSION(n, 3)
#define EACH ONE_HELLO(1) ONE_HELLO(2) ONE_HELLO(3) EACH_M(1) EACH_M(2) EACH_M(3)
#endif

active proctype network()
{
end:	do
	KNOCKS
	EACH
	od
}

#endif

/* ---- the board with the lower address ----------------------------------------------------------- */

#define IDLE	 0
#define IN_HELLO 1
#define IN_PROOF 2

inline begin_hello()
{
	nonce++;
	own = nonce;
	other = 0;
	next = 0;
	tries = 0;
	state = IN_HELLO;
	TO_RESPONDER(HELLO, own, 0, 0)
}

/* An operation that is not answered is lost: it was executed once, or not at all, or will be once. */
inline initiator_close()
{
	initiator_session = 0;
	waits = false
}

active proctype initiator()
{
	byte nonce; /* the last one used: random numbers do not come again */
	byte own, other, state, next, tries, a, b, c;
	bool waits;

#ifdef BOUNDED
	do
#else
end:	do
#endif
	:: d_step { !initiator_session && state == IDLE && nonce < NONCES -> begin_hello() }
	:: d_step { to_initiator ? KNOCK, a, b, c ->
		if
		:: state == IDLE && nonce < NONCES -> begin_hello()
		:: state == IN_HELLO -> TO_RESPONDER(HELLO, own, 0, 0)
		:: else
		fi;
		a = 0; b = 0; c = 0
	   }
	:: d_step { to_initiator ? CHALLENGE, a, b, c ->
		if
#ifdef NO_NONCE
		:: state == IN_HELLO ->
#else
		:: state == IN_HELLO && a == own ->
#endif
			if
#ifndef NO_SESSION
			:: initiator_session && c == initiator_session -> state = IDLE; own = 0
#endif
			:: else ->
				/* Nothing that was captured ends what both have. */
				assert(!initiator_session || initiator_session != responder_session);
				other = b;
				next = PAIR(own, other);
				tries = 0;
				state = IN_PROOF;
				initiator_close();
				TO_RESPONDER(PROOF, own, other, 0)
			fi
		:: else
		fi;
		a = 0; b = 0; c = 0
	   }
	:: d_step { to_initiator ? WELCOME, a, b, c ->
		if
		:: state == IN_PROOF && a == next ->
			initiator_session = next;
			next = 0; own = 0; other = 0; tries = 0;
			state = IDLE;
			/* The responder has proved that it has this key; now an operation. */
			waits = true;
			TO_RESPONDER(REQUEST, initiator_session, 0, 0)
		:: else
		fi;
		a = 0; b = 0; c = 0
	   }
	:: d_step { to_initiator ? REPLY, a, b, c ->
		if
		:: waits && a == initiator_session ->
			assert(executed[initiator_session] == 1);
			waits = false
		:: else
		fi;
		a = 0; b = 0; c = 0
	   }
	:: d_step { initiator_restarts > 0 ->
		initiator_restarts--;
		initiator_close();
		state = IDLE; own = 0; other = 0; next = 0; tries = 0 }
#ifdef BOUNDED
	/* There need not be as many. */
	:: initiator_restarts > 0 -> initiator_restarts--
#ifndef NO_RETRY
	/* When nothing else happens: the attempt again, or another one; and silence is noticed. */
	:: timeout && (state != IDLE || waits ||
			(initiator_session && initiator_session != responder_session)) -> d_step {
		if
		:: initiator_session && initiator_session != responder_session -> initiator_close()
		:: else
		fi;
		if
		:: state == IN_HELLO && initiator_session && tries >= TRIES -> state = IDLE; own = 0
		:: state == IN_HELLO && !(initiator_session && tries >= TRIES) ->
			tries = (tries < TRIES -> tries + 1 : tries);
			TO_RESPONDER(HELLO, own, 0, 0)
		:: state == IN_PROOF && tries >= TRIES ->
			assert(nonce < NONCES);
			begin_hello()
		:: state == IN_PROOF && tries < TRIES ->
			tries++;
			TO_RESPONDER(PROOF, own, other, 0)
		:: state == IDLE && waits -> TO_RESPONDER(REQUEST, initiator_session, 0, 0)
		:: else
		fi
	   }
#endif
	/* All is well, and nothing can change that any more. */
	:: d_step { initiator_session && !waits && initiator_session == responder_session &&
		!initiator_restarts && !responder_restarts -> state = IDLE; own = 0 } -> break
#else
	/* Attempts end at any time, and others follow; and silence may be noticed. */
	:: d_step { state == IN_PROOF && nonce < NONCES -> begin_hello() }
	:: d_step { state == IN_HELLO && initiator_session -> state = IDLE; own = 0 }
	:: d_step { initiator_session -> initiator_close() }
#endif
	od;
#ifdef BOUNDED
end:	do
	:: to_initiator ? KNOCK, a, b, c
	:: to_initiator ? CHALLENGE, a, b, c
	:: to_initiator ? WELCOME, a, b, c
	:: to_initiator ? REPLY, a, b, c
	od
#endif
}

/* ---- the other one ------------------------------------------------------------------------------ */

inline fresh()
{
	if
	:: nonce < NONCES -> nonce++; own = nonce
	:: else -> own = 0 /* the model's nonces are used up: it takes no more sessions */
	fi
}

active proctype responder()
{
	byte nonce, own, used, a, b, c;
	bool confirmed, done;

	d_step { fresh(); TO_INITIATOR(KNOCK, 0, 0, 0) };
end:	do
	:: d_step { to_responder ? HELLO, a, b, c ->
		if
		:: own -> TO_INITIATOR(CHALLENGE, a, own, responder_session)
		:: else
		fi;
		a = 0; b = 0; c = 0
	   }
	:: d_step { to_responder ? PROOF, a, b, c ->
		if
		:: b == own && own ->
			/* Nothing that was captured ends what both have. */
			assert(!responder_session || initiator_session != responder_session);
			responder_session = PAIR(a, own);
			used = own;
#ifndef NO_FRESH
			fresh();
#endif
			confirmed = false;
			done = false;
			TO_INITIATOR(WELCOME, responder_session, 0, 0)
		:: !(b == own && own) && responder_session && !confirmed && b == used ->
			TO_INITIATOR(WELCOME, responder_session, 0, 0)
		:: else
		fi;
		a = 0; b = 0; c = 0
	   }
	:: d_step { to_responder ? REQUEST, a, b, c ->
		if
		:: responder_session && a == responder_session ->
			confirmed = true;
			if
#ifdef NO_ONCE
			:: true ->
#else
			:: !done ->
#endif
				executed[a]++;
				assert(executed[a] <= 1);
				done = true
			:: else
			fi;
			TO_INITIATOR(REPLY, a, 0, 0)
		:: else
		fi;
		a = 0; b = 0; c = 0
	   }
	:: d_step { responder_restarts > 0 && nonce < NONCES ->
		responder_restarts--;
		responder_session = 0; used = 0; confirmed = false; done = false;
		fresh();
		TO_INITIATOR(KNOCK, 0, 0, 0)
	   }
#ifdef BOUNDED
	:: responder_restarts > 0 -> responder_restarts--
#ifndef NO_RETRY
	/* Silence is noticed; it knocks. */
	:: timeout && responder_session && responder_session != initiator_session -> d_step {
		responder_session = 0; used = 0; confirmed = false; done = false;
		TO_INITIATOR(KNOCK, 0, 0, 0)
	   }
#endif
#else
	:: d_step { responder_session ->
		responder_session = 0; used = 0; confirmed = false; done = false }
#endif
	od
}
