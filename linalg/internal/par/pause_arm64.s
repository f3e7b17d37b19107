#include "textflag.h"

// func pause()
//
// YIELD does nothing on most processors; a barrier of instructions takes some ten nanoseconds.
TEXT ·pause(SB), NOSPLIT, $0-0
	ISB $15
	ISB $15
	ISB $15
	RET
