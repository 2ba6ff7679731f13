import { frame } from '../support/raw-socket.ts'

/** A sequence of bytes that RFC 6455 forbids, or allows but nobody sends. */
export interface Hostile {
  name: string
  bytes(): readonly Buffer[]
  /** The close codes it may end with (1005: a close without a code); or the socket lives on. */
  ends: readonly number[] | 'lives'
}

const ping = '{"type":"ping"}'
const bytes = (...values: number[]): Buffer => Buffer.from(values)
const one = (name: string, ends: Hostile['ends'], first: number, payload: Buffer | string = ''): Hostile => ({
  name,
  ends,
  bytes: () => [frame(first, payload)],
})
const invalid = [1002] as const

const opcodes: Hostile[] = [
  ...[3, 4, 5, 6, 7].map((opcode) => one(`reserved data opcode ${opcode}`, invalid, 0x80 | opcode, ping)),
  ...[11, 12, 13, 14, 15].map((opcode) => one(`reserved control opcode ${opcode}`, invalid, 0x80 | opcode)),
  ...[0x40, 0x20, 0x10, 0x70].map((rsv) => one(`RSV bits ${rsv.toString(16)}`, invalid, 0x81 | rsv, ping)),
  one('RSV1 on a ping', invalid, 0xc9),
  one('RSV2 on a continuation', invalid, 0xa0),
  one('a binary frame', [4400], 0x82, ping),
  one('an empty text frame', [4400], 0x81),
  one('an empty binary frame', [4400], 0x82),
  one('a text of one zero byte', [4400], 0x81, Buffer.alloc(1)),
]

const masks: Hostile[] = [
  { name: 'an unmasked text', ends: invalid, bytes: () => [frame(0x81, ping, { masked: false })] },
  { name: 'an unmasked ping', ends: invalid, bytes: () => [frame(0x89, '', { masked: false })] },
  { name: 'an unmasked close', ends: invalid, bytes: () => [frame(0x88, bytes(3, 232), { masked: false })] },
  { name: 'an unmasked empty frame', ends: invalid, bytes: () => [bytes(0x81, 0)] },
]

/** An announced length, masked, with nothing behind it. */
const announced = (first: number, ...length: number[]): readonly Buffer[] => [bytes(first, ...length, 1, 2, 3, 4)]
const lengths: Hostile[] = [
  {
    name: 'a 64-bit length of 2^63',
    ends: [1009],
    bytes: () => announced(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0),
  },
  {
    name: 'a 64-bit length of 2^64-1',
    ends: [1009],
    bytes: () => announced(0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255),
  },
  { name: 'a 64-bit length of 2^53', ends: [1009], bytes: () => announced(0x81, 0xff, 0, 32, 0, 0, 0, 0, 0, 0) },
  { name: 'a 64-bit length of 2^32', ends: [1009], bytes: () => announced(0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0) },
  { name: 'a 64-bit length of 65,537', ends: [1009], bytes: () => announced(0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1) },
  { name: 'a binary of 2^40', ends: [1009], bytes: () => announced(0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0) },
  {
    name: '5 bytes with a 64-bit length',
    ends: [4400],
    bytes: () => [bytes(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0), Buffer.from('hello')],
  },
  {
    name: '5 bytes with a 16-bit length',
    ends: [4400],
    bytes: () => [bytes(0x81, 0xfe, 0, 5, 0, 0, 0, 0), Buffer.from('hello')],
  },
  one('a ping of 126 bytes', invalid, 0x89, Buffer.alloc(126)),
  one('a close of 126 bytes', invalid, 0x88, Buffer.alloc(126, 3)),
  { name: 'a ping of 2^40 bytes', ends: invalid, bytes: () => announced(0x89, 0xff, 0, 0, 1, 0, 0, 0, 0, 0) },
  { name: '64 KiB of spaces', ends: [4400], bytes: () => [frame(0x81, Buffer.alloc(65_536, ' '))] },
  { name: '64 KiB and one byte', ends: [1009], bytes: () => [frame(0x81, Buffer.alloc(65_537, ' '))] },
]

const fragments: Hostile[] = [
  one('a continuation of nothing', invalid, 0x80, ping),
  one('an unfinished continuation of nothing', invalid, 0x00, ping),
  {
    name: 'a text begun within a text',
    ends: invalid,
    bytes: () => [frame(0x01, '{"type"'), frame(0x81, ping)],
  },
  { name: 'a binary begun within a text', ends: invalid, bytes: () => [frame(0x01, '{'), frame(0x82, ping)] },
  { name: 'a ping in fragments', ends: invalid, bytes: () => [frame(0x09), frame(0x80)] },
  { name: 'a close in fragments', ends: invalid, bytes: () => [frame(0x08, bytes(3, 232)), frame(0x80)] },
  {
    name: '10^5 fragments',
    ends: [1008],
    bytes: () => [frame(0x01, '{'), ...Array.from({ length: 100_000 }, () => frame(0x00, ' '))],
  },
  {
    name: '10^5 empty fragments',
    ends: [1008],
    bytes: () => [frame(0x01), ...Array.from({ length: 100_000 }, () => frame(0x00))],
  },
  {
    name: 'two fragments that are too large together',
    ends: [1009],
    bytes: () => [frame(0x01, Buffer.alloc(40_000, ' ')), frame(0x80, Buffer.alloc(40_000, ' '))],
  },
  {
    name: 'pings between the fragments of a text',
    ends: 'lives',
    bytes: () => [frame(0x01, '{"type":'), frame(0x89, 'a'), frame(0x00, '"ping"'), frame(0x8a, 'b'), frame(0x80, '}')],
  },
  {
    name: 'a close between the fragments of a text',
    ends: [1000],
    bytes: () => [frame(0x01, '{"type":'), frame(0x88, bytes(3, 232)), frame(0x80, '"ping"}')],
  },
]

const texts: Hostile[] = [
  ['a lone continuation byte', bytes(0x80)],
  ['an overlong slash', bytes(0xc0, 0xaf)],
  ['an overlong NUL', bytes(0xe0, 0x80, 0x80)],
  ['an encoded surrogate', bytes(0xed, 0xa0, 0x80)],
  ['beyond U+10FFFF', bytes(0xf4, 0x90, 0x80, 0x80)],
  ['bytes that never are', bytes(0xfe, 0xff)],
  ['cut in the middle of a character', bytes(0xe2, 0x82)],
].map(([name, text]) => one(`bad UTF-8: ${String(name)}`, [1007], 0x81, text as Buffer))
texts.push({
  name: 'bad UTF-8 over two fragments',
  ends: [1007],
  bytes: () => [frame(0x01, bytes(0xe2)), frame(0x80, bytes(0x28, 0xa1))],
})

const closes: Hostile[] = [
  one('a close without a code', [1005], 0x88),
  one('a close with 1000', [1000], 0x88, bytes(3, 232)),
  one('a close with half a code', invalid, 0x88, bytes(3)),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code) =>
    one(`a close with ${code}`, invalid, 0x88, bytes(code >> 8, code & 255)),
  ),
  one('a close with a code of ours', [4403], 0x88, bytes(0x11, 0x33)),
  one('a close with bad UTF-8', [1007], 0x88, bytes(3, 232, 0xc0, 0xaf)),
  {
    name: 'a text after the close',
    ends: [1000],
    bytes: () => [frame(0x88, bytes(3, 232)), frame(0x81, ping)],
  },
  { name: 'two closes', ends: [1000], bytes: () => [frame(0x88, bytes(3, 232)), frame(0x88, bytes(3, 232))] },
]

const floods: Hostile[] = [
  { name: 'a flood of pings', ends: [4429], bytes: () => Array.from({ length: 5_000 }, () => frame(0x89, 'x')) },
  {
    name: 'a flood of large pings',
    ends: [4429],
    bytes: () => Array.from({ length: 5_000 }, () => frame(0x89, Buffer.alloc(125))),
  },
  { name: 'a flood of pongs', ends: [4429], bytes: () => Array.from({ length: 5_000 }, () => frame(0x8a)) },
  {
    name: 'a flood of pings within a text',
    ends: [4429],
    bytes: () => [frame(0x01, '{'), ...Array.from({ length: 5_000 }, () => frame(0x89))],
  },
  { name: 'a flood of texts', ends: [4429], bytes: () => Array.from({ length: 5_000 }, () => frame(0x81, ping)) },
  { name: 'noise', ends: invalid, bytes: () => [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')] },
  { name: 'ten pings', ends: 'lives', bytes: () => Array.from({ length: 10 }, () => frame(0x89, 'x')) },
]

export const hostileFrames: readonly Hostile[] = [
  ...opcodes,
  ...masks,
  ...lengths,
  ...fragments,
  ...texts,
  ...closes,
  ...floods,
]
