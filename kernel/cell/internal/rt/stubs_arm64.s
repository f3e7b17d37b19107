#include "textflag.h"

// The table of method entry points; see stubs_amd64.s. The closure register is
// R26 here. Loading a context takes two instructions and the branch one, so
// entries are entrySize bytes long on this architecture too.

#define S1(i) MOVD ·contexts+(8*(i))(SB), R26; B reflect·makeFuncStub(SB)
#define S8(i) S1(i); S1(i+1); S1(i+2); S1(i+3); S1(i+4); S1(i+5); S1(i+6); S1(i+7)
#define S64(i) S8(i); S8(i+8); S8(i+16); S8(i+24); S8(i+32); S8(i+40); S8(i+48); S8(i+56)
#define S512(i) S64(i); S64(i+64); S64(i+128); S64(i+192); S64(i+256); S64(i+320); S64(i+384); S64(i+448)
#define S4096(i) S512(i); S512(i+512); S512(i+1024); S512(i+1536); S512(i+2048); S512(i+2560); S512(i+3072); S512(i+3584)

TEXT ·entries(SB), NOSPLIT|NOFRAME, $0-0
	S4096(0)
	S4096(4096)
	S4096(8192)
	S4096(12288)

// func entryTable() uintptr
TEXT ·entryTable(SB), NOSPLIT, $0-8
	MOVD $·entries(SB), R0
	MOVD R0, ret+0(FP)
	RET

// func G() uintptr
TEXT ·G(SB), NOSPLIT, $0-8
	MOVD g, R0
	MOVD R0, ret+0(FP)
	RET
