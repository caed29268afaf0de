#include "textflag.h"

// SHA-256 (FIPS 180-4) of sixteen messages side by side. Register Zi holds one word
// of all sixteen: Z0 to Z7 are the working variables a to h, Z8 to Z23 the last
// sixteen words of the message schedule.

DATA rounds<>+0x000(SB)/8, $0x71374491428a2f98
DATA rounds<>+0x008(SB)/8, $0xe9b5dba5b5c0fbcf
DATA rounds<>+0x010(SB)/8, $0x59f111f13956c25b
DATA rounds<>+0x018(SB)/8, $0xab1c5ed5923f82a4
DATA rounds<>+0x020(SB)/8, $0x12835b01d807aa98
DATA rounds<>+0x028(SB)/8, $0x550c7dc3243185be
DATA rounds<>+0x030(SB)/8, $0x80deb1fe72be5d74
DATA rounds<>+0x038(SB)/8, $0xc19bf1749bdc06a7
DATA rounds<>+0x040(SB)/8, $0xefbe4786e49b69c1
DATA rounds<>+0x048(SB)/8, $0x240ca1cc0fc19dc6
DATA rounds<>+0x050(SB)/8, $0x4a7484aa2de92c6f
DATA rounds<>+0x058(SB)/8, $0x76f988da5cb0a9dc
DATA rounds<>+0x060(SB)/8, $0xa831c66d983e5152
DATA rounds<>+0x068(SB)/8, $0xbf597fc7b00327c8
DATA rounds<>+0x070(SB)/8, $0xd5a79147c6e00bf3
DATA rounds<>+0x078(SB)/8, $0x1429296706ca6351
DATA rounds<>+0x080(SB)/8, $0x2e1b213827b70a85
DATA rounds<>+0x088(SB)/8, $0x53380d134d2c6dfc
DATA rounds<>+0x090(SB)/8, $0x766a0abb650a7354
DATA rounds<>+0x098(SB)/8, $0x92722c8581c2c92e
DATA rounds<>+0x0a0(SB)/8, $0xa81a664ba2bfe8a1
DATA rounds<>+0x0a8(SB)/8, $0xc76c51a3c24b8b70
DATA rounds<>+0x0b0(SB)/8, $0xd6990624d192e819
DATA rounds<>+0x0b8(SB)/8, $0x106aa070f40e3585
DATA rounds<>+0x0c0(SB)/8, $0x1e376c0819a4c116
DATA rounds<>+0x0c8(SB)/8, $0x34b0bcb52748774c
DATA rounds<>+0x0d0(SB)/8, $0x4ed8aa4a391c0cb3
DATA rounds<>+0x0d8(SB)/8, $0x682e6ff35b9cca4f
DATA rounds<>+0x0e0(SB)/8, $0x78a5636f748f82ee
DATA rounds<>+0x0e8(SB)/8, $0x8cc7020884c87814
DATA rounds<>+0x0f0(SB)/8, $0xa4506ceb90befffa
DATA rounds<>+0x0f8(SB)/8, $0xc67178f2bef9a3f7
GLOBL rounds<>(SB), RODATA|NOPTR, $256

// The bytes of a word are turned around.
DATA turned<>+0x00(SB)/8, $0x0405060700010203
DATA turned<>+0x08(SB)/8, $0x0c0d0e0f08090a0b
GLOBL turned<>(SB), RODATA|NOPTR, $16

// LOAD takes 64 bytes of the next message.
#define LOAD(w) \
	VMOVDQU32 (DX), w; \
	VPSHUFB Z27, w, w; \
	ADDQ R8, DX

// QUAD makes of four messages four registers, each with one word of the four in each
// of its quarters.
#define QUAD(a, b, c, d) \
	VPUNPCKLDQ b, a, Z24; \
	VPUNPCKHDQ b, a, Z25; \
	VPUNPCKLDQ d, c, a; \
	VPUNPCKHDQ d, c, b; \
	VPUNPCKLQDQ b, Z25, c; \
	VPUNPCKHQDQ b, Z25, d; \
	VPUNPCKHQDQ a, Z24, b; \
	VPUNPCKLQDQ a, Z24, a

// QUARTERS brings the quarters of one word together.
#define QUARTERS(a, b, c, d) \
	VSHUFI32X4 $0x88, b, a, Z24; \
	VSHUFI32X4 $0x88, d, c, Z25; \
	VSHUFI32X4 $0xdd, b, a, b; \
	VSHUFI32X4 $0xdd, d, c, d; \
	VSHUFI32X4 $0x88, Z25, Z24, a; \
	VSHUFI32X4 $0xdd, Z25, Z24, c; \
	VSHUFI32X4 $0x88, d, b, Z24; \
	VSHUFI32X4 $0xdd, d, b, d; \
	VMOVDQA64 Z24, b

// ROUND is one round; what it leaves in d and h are the new e and a.
#define ROUND(i, a, b, c, d, e, f, g, h, w) \
	VPADDD w, h, h; \
	VPRORD $6, e, Z24; \
	VPRORD $11, e, Z25; \
	VPADDD.BCST (i*4)(R9), h, h; \
	VPRORD $25, e, Z26; \
	VMOVDQA64 e, Z28; \
	VPTERNLOGD $0xca, g, f, Z28; \
	VPTERNLOGD $0x96, Z26, Z25, Z24; \
	VPADDD Z28, h, h; \
	VPRORD $2, a, Z29; \
	VPRORD $13, a, Z30; \
	VPADDD Z24, h, h; \
	VPRORD $22, a, Z31; \
	VMOVDQA64 a, Z28; \
	VPTERNLOGD $0xe8, c, b, Z28; \
	VPADDD h, d, d; \
	VPTERNLOGD $0x96, Z31, Z30, Z29; \
	VPADDD Z28, h, h; \
	VPADDD Z29, h, h

// NEXT makes of the word of sixteen rounds ago the one that comes.
#define NEXT(w, w1, w9, w14) \
	VPRORD $7, w1, Z24; \
	VPRORD $18, w1, Z25; \
	VPSRLD $3, w1, Z26; \
	VPADDD w9, w, w; \
	VPRORD $17, w14, Z29; \
	VPRORD $19, w14, Z30; \
	VPSRLD $10, w14, Z31; \
	VPTERNLOGD $0x96, Z26, Z25, Z24; \
	VPTERNLOGD $0x96, Z31, Z30, Z29; \
	VPADDD Z24, w, w; \
	VPADDD Z29, w, w

// func blocks16(state *[8][16]uint32, p *byte, stride, n uintptr)
TEXT ·blocks16(SB), NOSPLIT, $0-32
	MOVQ state+0(FP), DI
	MOVQ p+8(FP), BX
	MOVQ stride+16(FP), R8
	MOVQ n+24(FP), CX
	LEAQ rounds<>(SB), R9
	VBROADCASTI32X4 turned<>(SB), Z27
	VMOVDQU32 0(DI), Z0
	VMOVDQU32 64(DI), Z1
	VMOVDQU32 128(DI), Z2
	VMOVDQU32 192(DI), Z3
	VMOVDQU32 256(DI), Z4
	VMOVDQU32 320(DI), Z5
	VMOVDQU32 384(DI), Z6
	VMOVDQU32 448(DI), Z7

block:
	MOVQ BX, DX
	LOAD(Z8)
	LOAD(Z9)
	LOAD(Z10)
	LOAD(Z11)
	LOAD(Z12)
	LOAD(Z13)
	LOAD(Z14)
	LOAD(Z15)
	LOAD(Z16)
	LOAD(Z17)
	LOAD(Z18)
	LOAD(Z19)
	LOAD(Z20)
	LOAD(Z21)
	LOAD(Z22)
	LOAD(Z23)
	QUAD(Z8, Z9, Z10, Z11)
	QUAD(Z12, Z13, Z14, Z15)
	QUAD(Z16, Z17, Z18, Z19)
	QUAD(Z20, Z21, Z22, Z23)
	QUARTERS(Z8, Z12, Z16, Z20)
	QUARTERS(Z9, Z13, Z17, Z21)
	QUARTERS(Z10, Z14, Z18, Z22)
	QUARTERS(Z11, Z15, Z19, Z23)

	ROUND(0, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8)
	ROUND(1, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z9)
	ROUND(2, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z10)
	ROUND(3, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z11)
	ROUND(4, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z12)
	ROUND(5, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z13)
	ROUND(6, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z14)
	ROUND(7, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z15)
	ROUND(8, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16)
	ROUND(9, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17)
	ROUND(10, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18)
	ROUND(11, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19)
	ROUND(12, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20)
	ROUND(13, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21)
	ROUND(14, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22)
	ROUND(15, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23)

	NEXT(Z8, Z9, Z17, Z22)
	ROUND(16, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8)
	NEXT(Z9, Z10, Z18, Z23)
	ROUND(17, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z9)
	NEXT(Z10, Z11, Z19, Z8)
	ROUND(18, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z10)
	NEXT(Z11, Z12, Z20, Z9)
	ROUND(19, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z11)
	NEXT(Z12, Z13, Z21, Z10)
	ROUND(20, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z12)
	NEXT(Z13, Z14, Z22, Z11)
	ROUND(21, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z13)
	NEXT(Z14, Z15, Z23, Z12)
	ROUND(22, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z14)
	NEXT(Z15, Z16, Z8, Z13)
	ROUND(23, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z15)
	NEXT(Z16, Z17, Z9, Z14)
	ROUND(24, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16)
	NEXT(Z17, Z18, Z10, Z15)
	ROUND(25, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17)
	NEXT(Z18, Z19, Z11, Z16)
	ROUND(26, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18)
	NEXT(Z19, Z20, Z12, Z17)
	ROUND(27, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19)
	NEXT(Z20, Z21, Z13, Z18)
	ROUND(28, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20)
	NEXT(Z21, Z22, Z14, Z19)
	ROUND(29, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21)
	NEXT(Z22, Z23, Z15, Z20)
	ROUND(30, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22)
	NEXT(Z23, Z8, Z16, Z21)
	ROUND(31, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23)

	NEXT(Z8, Z9, Z17, Z22)
	ROUND(32, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8)
	NEXT(Z9, Z10, Z18, Z23)
	ROUND(33, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z9)
	NEXT(Z10, Z11, Z19, Z8)
	ROUND(34, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z10)
	NEXT(Z11, Z12, Z20, Z9)
	ROUND(35, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z11)
	NEXT(Z12, Z13, Z21, Z10)
	ROUND(36, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z12)
	NEXT(Z13, Z14, Z22, Z11)
	ROUND(37, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z13)
	NEXT(Z14, Z15, Z23, Z12)
	ROUND(38, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z14)
	NEXT(Z15, Z16, Z8, Z13)
	ROUND(39, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z15)
	NEXT(Z16, Z17, Z9, Z14)
	ROUND(40, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16)
	NEXT(Z17, Z18, Z10, Z15)
	ROUND(41, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17)
	NEXT(Z18, Z19, Z11, Z16)
	ROUND(42, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18)
	NEXT(Z19, Z20, Z12, Z17)
	ROUND(43, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19)
	NEXT(Z20, Z21, Z13, Z18)
	ROUND(44, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20)
	NEXT(Z21, Z22, Z14, Z19)
	ROUND(45, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21)
	NEXT(Z22, Z23, Z15, Z20)
	ROUND(46, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22)
	NEXT(Z23, Z8, Z16, Z21)
	ROUND(47, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23)

	NEXT(Z8, Z9, Z17, Z22)
	ROUND(48, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8)
	NEXT(Z9, Z10, Z18, Z23)
	ROUND(49, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z9)
	NEXT(Z10, Z11, Z19, Z8)
	ROUND(50, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z10)
	NEXT(Z11, Z12, Z20, Z9)
	ROUND(51, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z11)
	NEXT(Z12, Z13, Z21, Z10)
	ROUND(52, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z12)
	NEXT(Z13, Z14, Z22, Z11)
	ROUND(53, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z13)
	NEXT(Z14, Z15, Z23, Z12)
	ROUND(54, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z14)
	NEXT(Z15, Z16, Z8, Z13)
	ROUND(55, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z15)
	NEXT(Z16, Z17, Z9, Z14)
	ROUND(56, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16)
	NEXT(Z17, Z18, Z10, Z15)
	ROUND(57, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17)
	NEXT(Z18, Z19, Z11, Z16)
	ROUND(58, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18)
	NEXT(Z19, Z20, Z12, Z17)
	ROUND(59, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19)
	NEXT(Z20, Z21, Z13, Z18)
	ROUND(60, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20)
	NEXT(Z21, Z22, Z14, Z19)
	ROUND(61, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21)
	NEXT(Z22, Z23, Z15, Z20)
	ROUND(62, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22)
	NEXT(Z23, Z8, Z16, Z21)
	ROUND(63, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23)

	VPADDD 0(DI), Z0, Z0
	VMOVDQU32 Z0, 0(DI)
	VPADDD 64(DI), Z1, Z1
	VMOVDQU32 Z1, 64(DI)
	VPADDD 128(DI), Z2, Z2
	VMOVDQU32 Z2, 128(DI)
	VPADDD 192(DI), Z3, Z3
	VMOVDQU32 Z3, 192(DI)
	VPADDD 256(DI), Z4, Z4
	VMOVDQU32 Z4, 256(DI)
	VPADDD 320(DI), Z5, Z5
	VMOVDQU32 Z5, 320(DI)
	VPADDD 384(DI), Z6, Z6
	VMOVDQU32 Z6, 384(DI)
	VPADDD 448(DI), Z7, Z7
	VMOVDQU32 Z7, 448(DI)

	ADDQ $64, BX
	DECQ CX
	JNZ block

	VZEROUPPER
	RET
