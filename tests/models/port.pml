/* tests/models/port.pml -- calls, answers, giving up and death, for spin. */
/* SPDX-License-Identifier: MIT */
/*
 * The states and steps of kernel/ipc/{message,message_wait}.c under their
 * locks: what happens with the port's or a run queue's lock held is one atomic
 * step; everything else interleaves. Two clients make calls and may be
 * interrupted at any moment; a server (two with -DSERVERS=2: 48 million states)
 * may die at any moment.
 *
 * Shown: no wake-up is lost (a client that waits for ever is an invalid end
 * state); a message is given or withdrawn, never both; a reply right is used
 * once and only upon a caller that waits. FORGET_* leave out what these rest
 * on: the checker must then find the fault (tests/system/test_models.py).
 */
#define CLIENTS	 2
#ifndef SERVERS
#define SERVERS	 1
#endif
#ifndef CALLS
#define CALLS	 1
#endif
#define NONE	 255

mtype = { IDLE, SENDING, RECEIVING, GETTING, WAITING, DONE };
mtype = { OK, AGAIN, RESET };

mtype cstate[CLIENTS] = IDLE; /* a client's ipc.state */
mtype cresult[CLIENTS];
byte answer[CLIENTS] = NONE; /* whose slot names it */
bool sending[CLIENTS];       /* in port->callers */
byte callers;                /* port->caller_count */
byte received[CLIENTS];      /* how often this call was received */

mtype sstate[2] = IDLE;
mtype sresult[2];
byte slot[2] = NONE; /* reply_slot.caller */
bool listed[2];	   /* in the list of receivers */
byte alive = SERVERS;
bool closed;

/* take_receiver: under the run queue's lock. */
inline take_receiver(r)
{
	atomic {
		r = NONE;
		if
		:: listed[0] -> r = 0
		:: !listed[0] && listed[1] -> r = 1
		:: else
		fi;
		if
		:: r != NONE -> listed[r] = false; sstate[r] = GETTING
		:: else
		fi
	}
}

/* give: c's message to r. */
inline give(c, r)
{
	received[c]++;
	answer[c] = r;
	cstate[c] = WAITING;
	slot[r] = c
}

inline finish_server(r, how)
{
	sresult[r] = how;
	sstate[r] = DONE
}

/* message_reply and finish: whoever takes c out of the slot may answer. */
inline reply(j, how, c)
{
#ifdef FORGET_EXCHANGE
	c = slot[j];
	slot[j] = NONE;
#else
	atomic { c = slot[j]; slot[j] = NONE }
#endif
	if
	:: c != NONE ->
		assert(cstate[c] == WAITING);
		cresult[c] = how;
		cstate[c] = DONE
	:: else
	fi
}

proctype client(byte i)
{
	byte r, n;
	bool left, patient;

	for (n : 1 .. CALLS) {
		received[i] = 0;
		/* Else it may be interrupted; then a lost wake-up would not show. */
		if
		:: patient = true
		:: patient = false
		fi;
		take_receiver(r);
		if
		:: r != NONE ->
			give(i, r);
			finish_server(r, OK)
		:: else ->
			atomic { /* join_callers */
				if
				:: closed -> goto refused
				:: else ->
					sending[i] = true;
					callers++;
					cstate[i] = SENDING
				fi
			}
			take_receiver(r); /* meet_late */
			if
			:: r != NONE ->
				atomic {
					left = (cstate[i] == SENDING);
					if
					:: left ->
						sending[i] = false;
						callers--;
						cstate[i] = IDLE
					:: else
					fi
				}
				if
				:: left -> give(i, r); finish_server(r, OK)
				:: else -> finish_server(r, AGAIN)
				fi
			:: else
			fi
		fi;
		do /* message_wait */
		:: cstate[i] == DONE ->
			/* Refused unheard, or received once and answered. */
			assert(received[i] <= 1);
			assert(cresult[i] == RESET || received[i] == 1);
			break
		:: !patient && cstate[i] == SENDING -> /* leave_callers */
			atomic {
				left = (cstate[i] == SENDING);
				if
				:: left ->
					sending[i] = false;
					callers--;
					cstate[i] = IDLE
				:: else
				fi
			}
			if
			:: left ->
				assert(received[i] == 0); /* withdrawn */
				break
			:: else
			fi
		:: !patient && cstate[i] == WAITING -> /* leave_slot */
			atomic {
				left = (slot[answer[i]] == i);
				if
				:: left -> slot[answer[i]] = NONE
				:: else
				fi
			}
			if
			:: left -> break
			:: else
			fi
		od;
		cstate[i] = IDLE
	}
refused:
	skip
}

proctype server(byte j)
{
	byte c, k;
	bool left, got, mortal;

	if
	:: mortal = true
	:: mortal = false
	fi;
	do
	:: true -> /* take_caller */
		got = false;
		if
		:: callers > 0 ->
			atomic { /* the port's lock */
				if
				:: sending[0] -> k = 0; got = true
				:: !sending[0] && sending[1] ->
					k = 1; got = true
				:: else
				fi;
				if
				:: got ->
					sending[k] = false;
					callers--;
					give(k, j)
				:: else
				fi
			}
		:: else
		fi;
		if
		:: got
		:: else ->
			atomic { /* join_receivers */
				listed[j] = true;
				sstate[j] = RECEIVING
			}
			left = false;
#ifndef FORGET_LOOK
			if
			:: callers > 0 -> left = true
			:: else
			fi;
#endif
			if
			:: left -> /* leave_receivers, and again */
				atomic {
					left = (sstate[j] == RECEIVING);
					if
					:: left ->
						listed[j] = false;
						sstate[j] = IDLE
					:: else
					fi
				}
			:: else
			fi;
			if
			:: left -> goto again
			:: else
			fi;
end:			if
			:: sstate[j] == DONE -> sstate[j] = IDLE
			:: mortal && sstate[j] == RECEIVING -> /* killed */
				atomic {
					left = (sstate[j] == RECEIVING);
					if
					:: left ->
						listed[j] = false;
						sstate[j] = IDLE
					:: else
					fi
				}
				if
				:: left -> goto die
				:: else ->
					sstate[j] == DONE;
					sstate[j] = IDLE
				fi
			fi;
			if
			:: sresult[j] == AGAIN -> goto again
			:: else
			fi
		fi;
		if
		:: reply(j, OK, c)
		:: mortal -> goto die /* while it serves */
		fi;
again:		skip
	od;
die:
	reply(j, RESET, c); /* message_thread_exit */
	atomic {
		alive--;
		if
		:: alive == 0 -> closed = true /* serve_release */
		:: else -> goto gone
		fi
	}
	do /* message_refuse_all */
	:: atomic {
		if
		:: sending[0] -> k = 0
		:: !sending[0] && sending[1] -> k = 1
		:: else -> goto gone
		fi;
		sending[k] = false;
		callers--;
		cstate[k] = GETTING
	   }
	   cresult[k] = RESET;
	   cstate[k] = DONE
	od;
gone:
	skip
}

init
{
	atomic {
		run client(0);
		run client(1);
		run server(0);
#if SERVERS > 1
		run server(1)
#endif
	}
}
