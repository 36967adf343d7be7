// SPDX-License-Identifier: Apache-2.0
#include "net/remote/remote.h"

const char *remote_result_name(enum remote_result result)
{
	switch (result) {
	case REMOTE_OK:
		return "done";
	case REMOTE_BUS_ERROR:
		return "bus error";
	case REMOTE_REFUSED:
		return "not allowed";
	case REMOTE_NO_WINDOW:
		return "no such window";
	case REMOTE_MALFORMED:
		return "malformed";
	case REMOTE_LATER:
		return "later";
	case REMOTE_AGAIN:
		return "again";
	case REMOTE_TIMEOUT:
		return "timed out";
	case REMOTE_LOST:
		return "session lost";
	case REMOTE_BUSY:
		return "busy";
	case REMOTE_DOWN:
		return "no session";
	}
	return "?";
}
